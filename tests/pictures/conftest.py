"""Figures as they are written."""

from __future__ import annotations

from typing import ClassVar

import pytest
from matplotlib.backend_bases import register_backend
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure


class Kept(FigureCanvasAgg):
    """A format of pictures, `.kept`, that writes nothing and keeps the figure."""

    figures: ClassVar[list[Figure]] = []
    filetypes: ClassVar[dict[str, str]] = {"kept": "the figure itself"}

    def print_kept(self, file, **_):
        self.draw()
        self.figures.append(self.figure)


@pytest.fixture
def drawn():
    """The figures that were written as `.kept`."""
    register_backend("kept", Kept)
    Kept.figures.clear()
    return Kept.figures
