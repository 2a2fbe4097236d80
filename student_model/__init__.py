"""What a learner did and what it shows: responses, beliefs and the tracers that lead from one to the other."""
