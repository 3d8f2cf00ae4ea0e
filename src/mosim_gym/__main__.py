"""`python -m mosim_gym` is `mosim-gym`."""

from mosim_gym.cli import main

if __name__ == "__main__":
    main()
