"""`python -m mosim_gym.cli`."""

from mosim_gym.cli import main

main()
