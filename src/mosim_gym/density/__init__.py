"""Densities: how likely a state and an action are among the data of a model."""
