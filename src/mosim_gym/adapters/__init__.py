"""Bridges to other libraries, one file each: Stable-Baselines3, TorchRL, rsl_rl, Ray, functional environments, the Hugging Face hub."""
