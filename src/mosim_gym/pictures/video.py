"""Films: `write_video` writes an mp4, `film_strip` a png with frames side by side."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Mapping, Sequence
from io import BytesIO
from itertools import chain
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from tqdm import tqdm

from mosim_gym.mechanics.storage import write_atomically

Array = np.ndarray
QUALITY = 8  # of imageio-ffmpeg's scale from 0 to 10
COLOURS = 64  # of a film strip: a fraction of the space, and hardly a difference to be seen
TEXT_SHADES = 8  # of each ink, from itself to white
INK, FAINT = (40, 46, 56), (120, 128, 140)


def check_video(path: Path) -> None:
    """Raise `ValueError` if `path` does not end in .mp4."""
    if path.suffix.lower() != ".mp4":
        raise ValueError(f"{path} does not end in .mp4, the only format of videos.")


def write_video(path: str | Path, frames: Iterable[Array], fps: float, *, progress: bool = False) -> Path:
    """Write `frames`, uint8 `(H, W, 3)` each, as an H.264 video of `fps` frames a second, and return its path.

    `frames` may be a generator, of which one picture is held at a time. H.264 halves the resolution of colours, so an odd last row or
    column is doubled. The file appears when it is complete. An interrupted write does not change an earlier file.
    """
    from imageio_ffmpeg import write_frames

    path = Path(path)
    check_video(path)
    if not fps > 0:
        raise ValueError(f"fps is {fps}; it must be positive.")
    source = iter(frames)
    first = next(source, None)
    if first is None:
        raise ValueError(f"There are no frames to write to {path}.")
    shape = _checked(first, None).shape
    height, width = shape[0] + shape[0] % 2, shape[1] + shape[1] % 2
    total = len(frames) if isinstance(frames, Sequence) else None
    with tempfile.TemporaryDirectory() as folder:
        unfinished = Path(folder) / "video.mp4"
        encoder = write_frames(
            str(unfinished),
            (width, height),
            fps=fps,  # pyright: ignore[reportArgumentType]  # ffmpeg takes fractions too
            codec="libx264",
            pix_fmt_in="rgb24",
            pix_fmt_out="yuv420p",
            quality=QUALITY,
            macro_block_size=1,
            ffmpeg_log_level="error",
            output_params=["-movflags", "+faststart"],
        )
        encoder.send(None)
        try:
            for frame in tqdm(
                chain([first], source), desc="video", unit="frame", total=total, disable=None if progress else True
            ):
                pixels = _checked(frame, shape)
                pad = ((0, height - shape[0]), (0, width - shape[1]), (0, 0))
                encoder.send(np.ascontiguousarray(np.pad(pixels, pad, mode="edge")))
        finally:
            encoder.close()
        return write_atomically(path, unfinished.read_bytes())


def film_strip(
    path: str | Path,
    rows: Mapping[str, Sequence[Array]],
    *,
    captions: Sequence[str] = (),
    title: str = "",
    height: int = 180,
    gap: int = 6,
) -> Path:
    """Write a png with one labelled row of frames, uint8 `(H, W, 3)` each, for each item of `rows`.

    All frames are scaled to `height` pixels. `captions`, for example times, stand above the columns.
    """
    path = Path(path)
    if path.suffix.lower() != ".png":
        raise ValueError(f"{path} does not end in .png, the only format of film strips.")
    if not rows or not all(len(row) for row in rows.values()):
        raise ValueError("film_strip needs at least one row, and at least one frame in every row.")
    pictures = {label: [_scaled(_checked(f, None), height) for f in row] for label, row in rows.items()}
    columns = max(len(row) for row in pictures.values())
    wide = max(picture.width for row in pictures.values() for picture in row)
    small, large = max(11, round(0.115 * height)), max(14, round(0.14 * height))
    font, heading = ImageFont.load_default(size=small), ImageFont.load_default(size=large)
    margin = 2 * gap
    left = margin + round(max(font.getlength(label) for label in pictures)) + 2 * gap
    top = margin + (round(2.0 * large) if title else 0) + (round(1.7 * small) if captions else 0)
    sheet = Image.new(
        "RGB",
        (left + columns * (wide + gap) - gap + margin, top + len(pictures) * (height + gap) - gap + margin),
        "white",
    )
    filled = np.zeros((sheet.height, sheet.width), bool)
    ink = ImageDraw.Draw(sheet)
    if title:
        ink.text((margin, margin), title, INK, heading)
    for column, caption in enumerate(captions):
        ink.text((left + column * (wide + gap) + wide / 2, top - 0.5 * small), caption, FAINT, font, anchor="ms")
    for number, (label, row) in enumerate(pictures.items()):
        y = top + number * (height + gap)
        ink.text((left - 2 * gap, y + height / 2), label, INK, font, anchor="rm")
        for column, picture in enumerate(row):
            x = left + column * (wide + gap)
            sheet.paste(picture, (x, y))
            filled[y : y + picture.height, x : x + picture.width] = True
    content = BytesIO()
    _few_colours(sheet, filled).save(content, "png", optimize=True)
    return write_atomically(path, content.getvalue())


def _few_colours(sheet: Image.Image, pictures: Array) -> Image.Image:
    """The sheet in `COLOURS` where `pictures (H, W)` is true, and elsewhere in the shades of its text, which `COLOURS` would tint."""
    few = sheet.quantize(COLOURS, kmeans=2)
    shades = np.linspace(0, 1, TEXT_SHADES)[:, None]
    text = np.concatenate([(1 - shades) * np.array(ink) + shades * 255 for ink in (INK, FAINT)]).round()
    pixels = np.asarray(sheet, np.float32)[~pictures]
    distance = sum((pixels[:, None, i] - text[None, :, i]) ** 2 for i in range(3))
    numbers = np.asarray(few).copy()
    numbers[~pictures] = COLOURS + np.asarray(distance).argmin(1)
    found = Image.fromarray(numbers)
    first = [*(few.getpalette() or []), *[0] * 3 * COLOURS][: 3 * COLOURS]
    found.putpalette([*first, *(int(value) for value in text.ravel())])
    return found


def _checked(frame: Array, shape: tuple[int, ...] | None) -> Array:
    pixels = np.asarray(frame)
    if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] != 3:
        raise ValueError(f"A frame is {pixels.dtype} of shape {pixels.shape}; frames are uint8 of shape (H, W, 3).")
    if shape is not None and pixels.shape != shape:
        raise ValueError(f"A frame has shape {pixels.shape}, the first one had {shape}; all must have the same shape.")
    return pixels


def _scaled(frame: Array, height: int) -> Image.Image:
    picture = Image.fromarray(frame)
    width = max(1, round(picture.width * height / picture.height))
    return picture if picture.height == height else picture.resize((width, height), Image.Resampling.LANCZOS)
