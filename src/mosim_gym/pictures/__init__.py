"""Rendering, drawings, plots, films and film strips."""
