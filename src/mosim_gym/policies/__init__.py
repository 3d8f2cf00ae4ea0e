"""Policies: actor files, scripted controllers, and playing a policy in an environment."""
