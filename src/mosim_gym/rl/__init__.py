"""Policies trained inside learned motion, with Stable-Baselines3 and without."""
