"""Bridges to other libraries, one file each: environments and policy files of Stable-Baselines3."""
