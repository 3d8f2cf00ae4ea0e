"""The rooms of the package: a picture and a table of them, from the folders of `src/mosim_gym` and the contracts in `pyproject.toml`.

What a room holds is the first sentence of its docstring. Which rooms it may import follows from the contract of layers, and which third
parties from the contracts that forbid them elsewhere. `ADDITIONS` says what a newcomer adds to each room.
"""

from __future__ import annotations

import ast
import textwrap
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from mosim_gym.evaluation.tables import table

PACKAGE = Path("src") / "mosim_gym"
ADDITIONS = {  # by room: what is added there, and how the page says it
    "cli": ("a command", "a command: a dataclass in one of its files, and a line in `cli/__init__.py`"),
    "studies": ("a study", "a study: one file in `studies/paper`"),
    "rl": (
        "a learner, a strategy",
        "[a learner](extending.md#a-learner) in `rl/learners`, [a strategy](extending.md#a-strategy) in `rl/strategies`",
    ),
    "adapters": ("another library", "another library: one file"),
    "envs": ("a penalty", "[a penalty](strategies/penalties.md#a-penalty-of-your-own) in `envs/penalties`"),
    "world_models": ("a world model", "[a world model](extending.md#a-world-model): one file"),
    "training": ("a stage, an optimiser", "a stage in `training/stages.py`, an optimiser in `training/optimisers.py`"),
    "evaluation": ("a baseline", "a baseline of predictions: [a world model](extending.md#a-world-model) in `evaluation/floors.py`"),
    "data": ("a kind of action", "a sampler of actions: a function in `data/actions.py`"),
    "truth": ("another simulator", "another simulator: [dynamics](how-it-works.md#the-functional-core) in one file"),
    "pictures": ("a plot", "a plot: a function in `pictures/plots.py`"),
    "zoo": ("a checkpoint", "a checkpoint: `mosim-gym train ROBOT --install` writes it into `zoo/weights`"),
    "policies": ("a scripted policy", "a scripted policy: a class and a line in `policies/scripted.py`"),
    "density": ("a density", "another density: one file"),
    "dynamics": ("a solver, a preset", "a solver in `dynamics/solvers.py`, a preset in `dynamics/config.py`"),
    "robots": ("a robot, a task", "[a robot with its tasks](your-own-robot.md): one file"),
    "mechanics": ("a quantity", "a quantity of kinematics: a function in `mechanics/quantities.py`"),
}  # fmt: skip

WIDTH, MARGIN, GAP, PADDING, LINE = 960, 24, 12, 12, 19  # of the picture, px
LETTER = 7.0  # px: at most the mean width of a letter in the text of the picture
LEFT, TOP = 66, MARGIN + 2 * LINE + 8  # px: where rooms begin, right of the arrow and below the legend
LEGEND = (
    "A room may import the rooms below it. Rooms in one row do not import one another.",
    '<tspan class="third">Libraries beside the name: no other rooms may import them.</tspan>'
    '<tspan class="adds" dx="18">+ What a newcomer adds there</tspan>',
)
STYLE = """
    text { font-family: Helvetica, Arial, sans-serif; font-size: 13px; fill: #1f2933 }
    .name { font-family: Menlo, Consolas, monospace; font-size: 15px; font-weight: bold; fill: #12263f }
    .adds { fill: #0b5394; font-weight: bold }
    .third { font-size: 12px; fill: #7a4a00 }
    .paper { fill: #ffffff; stroke: #c8d1dc }
    .room { fill: #eef3fa; stroke: #7d93b2 }
    .arrow { stroke: #52667f; stroke-width: 2; fill: none }"""


@dataclass(frozen=True)
class Room:
    """A sub-package of `mosim_gym`."""

    name: str
    holds: str
    third_parties: tuple[str, ...]


def contracts(root: Path) -> list[dict[str, Any]]:
    """The contracts that import-linter checks in the repository in `root`."""
    return tomllib.loads((root / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]


def layers(root: Path) -> list[list[str]]:
    """The names of the rooms that exist, row by row from the top; a room without a row, or without an addition, ends everything."""
    (rows,) = [contract["layers"] for contract in contracts(root) if contract["type"] == "layers"]
    exist = {path.parent.name for path in (root / PACKAGE).glob("*/__init__.py")}
    found = [[name for name in (part.strip(" ()") for part in row.split("|")) if name in exist] for row in rows]
    placed = {name for row in found for name in row}
    if odd := sorted(exist ^ (placed & set(ADDITIONS))):
        raise SystemExit(
            f"{', '.join(odd)}: a room needs a layer in pyproject.toml and a line in ADDITIONS of studies/rooms.py."
        )
    return [row for row in found if row]


def rooms(root: Path) -> list[list[Room]]:
    """The rooms, row by row from the top."""
    return [[Room(name, holds(root, name), third_parties(root, name)) for name in row] for row in layers(root)]


def holds(root: Path, room: str) -> str:
    """The first sentence of the room's docstring."""
    docstring = ast.get_docstring(ast.parse((root / PACKAGE / room / "__init__.py").read_text())) or ""
    first = " ".join(docstring.split("\n\n")[0].split()).replace("`", "")
    return first.split(". ")[0].removesuffix(".")


def third_parties(root: Path, room: str) -> tuple[str, ...]:
    """The libraries that are forbidden in some rooms and allowed in this one."""
    forbidden = [contract for contract in contracts(root) if contract["type"] == "forbidden"]
    allowed = {
        line.split(" -> ")[1]
        for c in forbidden
        for line in c["ignore_imports"]
        if line.startswith(f"mosim_gym.{room} ->")
    }
    return tuple(sorted(allowed))


def rooms_table(root: Path) -> str:
    """A line for each room: what it holds, what it may import, what is added there."""
    rows = rooms(root)
    lines = []
    for number, row in enumerate(rows):
        below = "no room" if number + 1 == len(rows) else "the rooms below"
        for room in row:
            imports = ", ".join([below, *(f"`{name}`" for name in room.third_parties)])
            lines.append((f"`{room.name}`", room.holds, imports, ADDITIONS[room.name][1]))
    return table(("Room", "Holds", "May import", "Add here"), lines)


def rooms_picture(root: Path) -> str:
    """The rooms as an SVG on a ground of its own, so that it is as legible on a dark page as on a light one."""
    body, top = [], TOP
    for row in rooms(root):
        width = (WIDTH - MARGIN - LEFT - GAP * (len(row) - 1)) / len(row)
        height = (1 + max(len(_lines(room, width)) for room in row)) * LINE + 2 * PADDING - 6
        body += [_box(room, LEFT + number * (width + GAP), top, width, height) for number, room in enumerate(row)]
        top += height + GAP
    bottom = top - GAP
    x = (MARGIN + LEFT) / 2 - 2
    arrow = f"M{x:g} {TOP} V{bottom} M{x - 7:g} {bottom - 10} L{x:g} {bottom} L{x + 7:g} {bottom - 10}"
    size = f"{WIDTH} {bottom + MARGIN}"
    return "\n".join(
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size}" width="{WIDTH}" role="img" aria-label="The rooms of mosim_gym">',
            "  <title>The rooms of mosim_gym</title>",
            f"  <style>{STYLE}\n  </style>",
            f'  <rect class="paper" x="0.5" y="0.5" width="{WIDTH - 1}" height="{bottom + MARGIN - 1}" rx="10"/>',
            *(f'  <text x="{LEFT}" y="{MARGIN + 12 + LINE * n}">{line}</text>' for n, line in enumerate(LEGEND)),
            f'  <path class="arrow" d="{arrow}"/>',
            *body,
            "</svg>\n",
        )
    )


def _lines(room: Room, width: float) -> list[tuple[str, str]]:
    """The text in a room's box below its name, as (class, line)."""
    columns = int((width - 2 * PADDING) / LETTER)
    holds = [("", line) for line in textwrap.wrap(room.holds, columns)]
    if _beside(room, width):
        return holds
    third = [("third", line) for line in textwrap.wrap(_third(room), columns)]
    return [*holds, *third, ("adds", _adds(room))]


def _beside(room: Room, width: float) -> bool:
    """Whether the line of the name has space for everything else but what the room holds."""
    return (len(room.name) + len(_third(room)) + len(_adds(room)) + 6) * LETTER * 1.1 < width


def _adds(room: Room) -> str:
    return f"+ {ADDITIONS[room.name][0]}"


def _third(room: Room) -> str:
    return ", ".join(room.third_parties)


def _box(room: Room, x: float, y: float, width: float, height: float) -> str:
    """One room, its corner at (x, y)."""
    first = y + PADDING + 11
    text = [("name", f'x="{x + PADDING:g}"', first, room.name)]
    if _beside(room, width):
        text.append(("adds", f'x="{x + width - PADDING:g}" text-anchor="end"', first, _adds(room)))
        text.append(("third", f'x="{x + 2.5 * PADDING + 9.5 * len(room.name):g}"', first, _third(room)))
    text += [
        (kind, f'x="{x + PADDING:g}"', first + number * LINE, line)
        for number, (kind, line) in enumerate(_lines(room, width), start=1)
    ]
    lines = [
        f'    <text class="{kind}" {place} y="{down:g}">{escape(line)}</text>'
        for kind, place, down, line in text
        if line
    ]
    box = f'    <rect class="room" x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" rx="6"/>'
    return "\n".join((f'  <g id="room-{room.name}">', box, *lines, "  </g>"))
