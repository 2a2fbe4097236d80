"""What can be learned, what comes before what, and what a learner can do about it."""
