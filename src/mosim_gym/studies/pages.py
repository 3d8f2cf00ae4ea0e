"""Pages of the documentation with generated parts: markers that are filled, prose in lines, and the README as the first page."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Mapping
from functools import partial

MARKER = re.compile(r"(<!-- generated: ([^>]+?) -->\n).*?(<!-- end -->)", re.DOTALL)
RUN = re.compile(r"<!-- run: \S+ -->\n")
LAST_NUMBER = re.compile(r"(?<=\S)\s(?=\d+\.(\s|$))")
"""The space before a number that ends a sentence."""
HELD = "\0"
"""Stands for a space at which no line ends."""
LINK = re.compile(r"(!?)\[([^\]]*)\]\((?!https?://)([^)\s]+)\)")


def filled(text: str, content: Mapping[str, str], page: str) -> str:
    """`text` with each of its markers filled; a marker without content, or content without a marker, ends everything."""
    names = [name for _, name, _ in MARKER.findall(text)]
    if odd := sorted(set(names) ^ set(content)):
        raise ValueError(f"{page}: markers and generated parts differ in {', '.join(odd)}.")
    return MARKER.sub(lambda m: f"{m[1]}\n{wrapped(content[m[2]])}\n\n{m[3]}", text)


def wrapped(content: str) -> str:
    """`content` with its paragraphs of prose in lines of 140 columns at most. None begins with `1.`, which would be a list in Markdown."""
    fill = partial(textwrap.fill, width=140, break_long_words=False, break_on_hyphens=False)
    paragraphs = [
        part if part.startswith(("|", "!")) else LAST_NUMBER.sub(HELD, part) for part in content.split("\n\n")
    ]
    filled = [part if part.startswith(("|", "!")) else fill(part) for part in paragraphs]
    return "\n\n".join(filled).replace(HELD, " ")


def home_page(readme: str) -> str:
    """The README as the documentation's first page: links lead from docs/, and what lies outside of it is named only."""

    def moved(m: re.Match[str]) -> str:
        picture, label, target = m.groups()
        return f"{picture}[{label}]({target.removeprefix('docs/')})" if target.startswith("docs/") else label

    return f"<!-- Written by scripts/generate_docs.py from README.md. -->\n\n{LINK.sub(moved, RUN.sub('', readme))}"
