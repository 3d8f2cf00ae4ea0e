"""The package's version. The build, `mosim_gym.__version__` and every card and result read it here."""

__version__ = "0.2.0.dev0"
