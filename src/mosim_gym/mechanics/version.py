"""The package's version, in this one place: the build, `mosim_gym.__version__` and every card and result read it here."""

__version__ = "0.2.0.dev0"
