"""Environments over the functional core, and their Gymnasium ids."""
