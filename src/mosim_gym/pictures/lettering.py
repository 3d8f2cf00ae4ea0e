"""Words on the frames of films: `lettered` writes which world a frame is of, and when."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from PIL import Image, ImageDraw, ImageFont

Array = np.ndarray
HEIGHT = 0.085
"""Height of letters over that of a frame, and at least `SMALLEST` pixels."""
SMALLEST = 11
INK, EDGE = (255, 255, 255), (20, 24, 32)


def lettered(frame: Array, words: str) -> Array:
    """A copy of the frame, uint8 `(H, W, 3)`, with `words` in its upper left corner, light with a dark edge."""
    picture = Image.fromarray(frame)
    size = max(SMALLEST, round(HEIGHT * picture.height))
    ImageDraw.Draw(picture).text(
        (size / 2, size / 3), words, INK, ImageFont.load_default(size=size), stroke_width=max(1, size // 8), stroke_fill=EDGE
    )  # fmt: skip
    return np.asarray(picture)


def one_above_the_other(rows: Mapping[str, Array], seconds: float) -> Array:
    """Frames of several worlds at one moment, each with its name, the first with the moment, too: `(H of all, W, 3)`."""
    first = next(iter(rows))
    return np.concatenate(
        [lettered(frame, f"{name}, {seconds:.1f} s" if name == first else name) for name, frame in rows.items()]
    )
