"""The files of cells: what of one is read, and what is said of one that holds something else."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mosim_gym.mechanics.json_values import JSON
from mosim_gym.mechanics.schema import Misfit, Rule, check, each, nullable, number, record, text, whole
from mosim_gym.mechanics.storage import FileFault

Result = dict[str, Any]
"""What a cell's file holds."""


def figure(value: JSON) -> Misfit | None:
    """A measured number, which is not finite where a model diverged or where a rank is of equal values."""
    fits = isinstance(value, int | float) and not isinstance(value, bool)
    return None if fits else Misfit("", value, "a number")


ALWAYS = record(
    {
        "minutes": number(0),
        "provenance": record(
            {
                "mosim_gym": text(),
                "commit": nullable(text()),
                "processor": text(),
                "cores": whole(1),
                "torch_threads": whole(1),
            },
            {"torch": nullable(text()), "mujoco": nullable(text()), "accelerator": text(), "seeds": each(whole())},
        ),
    },
)
"""What every cell's file holds beside what was measured, its study, its name and its settings."""


def read_label(path: Path, names: Sequence[str], label: Mapping[str, str]) -> tuple[Result, dict[str, Any]]:
    """What is in a cell's file, which must say what `label` says, and its settings of these `names`."""
    try:
        content = json.loads(path.read_text())
        if any(content[name] != said for name, said in label.items()):
            raise ValueError
        return content, {name: content["settings"][name] for name in names}
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise FileFault(f"{path} is not the result of a cell; delete it, or choose another --out.") from error


def check_measured(path: Path, content: Result, rule: Rule) -> None:
    """Raise `FileFault` for a cell's file without one of its numbers; `rule` says what the cell measures."""
    beside = {key: value for key, value in content.items() if key in ("minutes", "provenance")}
    measured = {key: value for key, value in content.items() if key not in beside}
    try:
        check(path, "result", beside, ALWAYS)
        check(path, "result", measured, rule)
    except FileFault as fault:
        said = str(fault).removesuffix(".")
        raise FileFault(f"{said}; delete the file, and its cell is measured again, or choose another --out.") from fault
