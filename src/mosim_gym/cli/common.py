"""What the commands share: options, the result file, the progress bar."""

from __future__ import annotations

import json
from dataclasses import is_dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from tyro.conf import arg

from mosim_gym.mechanics.storage import write_atomically

if TYPE_CHECKING:
    from tqdm import tqdm


Seed = Annotated[int, arg(help="Seed of everything random.")]
Out = Annotated[Path, arg(help="Folder for result.json and whatever else is written.")]


def check_out(command: object) -> None:
    """Raise, before any work is done, if a command's `--out` cannot be a folder."""
    for value in vars(command).values():
        if is_dataclass(value):
            check_out(value)
    out = getattr(command, "out", None)
    if isinstance(out, Path) and out.exists() and not out.is_dir():
        raise ValueError(f"--out {out} is a file; it must be a folder, which may be there already.")


def write_result(out: Path, command: object, result: dict[str, Any]) -> None:
    """`out/result.json`: the result, with the command and options that give it again."""
    options = {key: str(value) if isinstance(value, Path) else value for key, value in vars(command).items()}
    content = {"command": type(command).__name__, "options": options, **result}
    path = write_atomically(out / "result.json", json.dumps(content, indent=1) + "\n")
    print(f"wrote {path}")


def advance(bar: tqdm, done: int) -> None:
    """Move a bar to `done`, which may be more than one further."""
    bar.update(done - bar.n)
