"""Algorithms that train policies, one file each, all with the interface of `Learner`."""
