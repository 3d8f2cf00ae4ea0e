"""Environments over the functional core: single, batched and real ones, penalties, Gymnasium ids."""
