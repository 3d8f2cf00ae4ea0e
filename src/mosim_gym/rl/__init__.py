"""Learners and strategies: training policies with a learned model, and their returns in reality."""
