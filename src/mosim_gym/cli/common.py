"""Options, the result file and checks that the commands share."""

from __future__ import annotations

import json
import sys
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import is_dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, ClassVar

from tyro.conf import arg

from mosim_gym.mechanics.numbers import check_seed
from mosim_gym.mechanics.storage import check_folder, check_own, write_atomically

if TYPE_CHECKING:
    from tqdm import tqdm


Seed = Annotated[int, arg(help="Seed of all random numbers.")]
Out = Annotated[Path, arg(help="Folder for the files that are written.")]
Workers = Annotated[
    str | None,
    arg(
        help="Who runs the independent parts: ray for a cluster of Ray, which begins on this machine if there is none."
    ),
]
Trusted = Annotated[
    bool,
    arg(
        help="Let Stable-Baselines3 itself load the policy's zip, which runs any code in it: only if you trust its author."
    ),
]
RESULT = "result.json"
STATE = "state.safetensors"
"""What an interrupted run continues from."""


class Reported:
    """A command that writes its result to `out/result.json`, with the command and the options that give it again."""

    out: Path
    files: ClassVar[tuple[str, ...]] = ()  # its other files
    traces: ClassVar[tuple[str, ...]] = (RESULT,)  # a folder with one of these is the command's own

    def write_result(self, result: Mapping[str, object]) -> None:
        """Write `result`. It replaces the last result of the same command."""
        options = {key: str(value) if isinstance(value, Path) else value for key, value in vars(self).items()}
        content = json.dumps({"command": type(self).__name__, "options": options, **result}, indent=1) + "\n"
        print(f"wrote {write_atomically(self.out / RESULT, content)}")

    def check_result(self) -> None:
        """Raise if the folder holds a `result.json` of another command, or other files that would be lost."""
        path = self.out / RESULT
        trace = next((place for name in self.traces if (place := self.out / name).exists()), path)
        check_own((self.out / name for name in self.files), trace)
        if not path.exists():
            return
        try:
            author = json.loads(path.read_text())["command"]
        except (ValueError, KeyError, TypeError):
            author = None
        if author != type(self).__name__:
            raise ValueError(f"{path} comes from another command and would be replaced; choose another --out.")


def check_options(command: object) -> None:
    """Raise, before any work is done, for an impossible seed, for an `--out` that cannot be written, and for files that would be lost."""
    for value in vars(command).values():
        if is_dataclass(value):
            check_options(value)
    check_seed(getattr(command, "seed", 0), "--seed")
    out = getattr(command, "out", None)
    if isinstance(out, Path):
        check_folder(out, "--out")
    if isinstance(command, Reported):
        command.check_result()


@contextmanager
def notes_as_lines() -> Iterator[None]:
    """Show warnings as lines on stderr, each once, without the place in the code."""
    shown: set[str] = set()

    def show(message: Warning | str, *_: object) -> None:
        if str(message) not in shown:
            shown.add(str(message))
            print(f"note: {message}", file=sys.stderr)

    with warnings.catch_warnings():
        warnings.showwarning = show
        yield


def say_continued(folder: Path) -> None:
    """Say that the run in `folder` goes on, if there is one that has not ended."""
    if (folder / STATE).exists():
        print(f"continuing the run in {folder}", flush=True)


def advance(bar: tqdm, done: int) -> None:
    """Move a bar to `done`, by any number of steps."""
    bar.update(done - bar.n)
