"""Ways of training a policy, one file each: how a learner, a model and real steps come together."""
