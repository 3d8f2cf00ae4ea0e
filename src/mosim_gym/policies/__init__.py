"""Policies: what acts on observations, and how it is played in an environment."""
