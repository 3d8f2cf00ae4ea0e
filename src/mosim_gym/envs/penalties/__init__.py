"""What is taken off the reward where the model should not be believed: one penalty a file, one pair of wrappers for all."""
