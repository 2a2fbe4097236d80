"""What to do next, and why: candidates, odds, policy, constraints, reasons, decision."""
