"""Durations as people write them."""

from __future__ import annotations

import re


def seconds(text: str) -> float:
    """`90s`, `20m`, `1.5h` or plain seconds, in seconds."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([smh]?)", text.strip())
    if match is None:
        raise ValueError(f"{text!r} is not a duration; write for example 90s, 20m or 1.5h.")
    if float(match[1]) <= 0:
        raise ValueError(f"The duration {text!r} must be above 0; write for example 90s, 20m or 1.5h.")
    return float(match[1]) * {"": 1, "s": 1, "m": 60, "h": 3600}[match[2]]


def clock(duration: float) -> str:
    """`3:07` for 187 s."""
    return f"{int(duration) // 60}:{int(duration) % 60:02d}"


def in_words(duration: float) -> str:
    """`4 s` for 4.2 s, `10 min` for 600 s, `2.5 h` for 9,000 s: what is shorter than a minute in whole seconds, above a tenth of one."""
    if duration < 60:
        return f"{duration:.0f} s" if duration >= 1 else f"{duration:.1g} s"
    return f"{duration / 60:.3g} min" if duration < 2 * 3600 else f"{duration / 3600:.3g} h"
