"""docs/gallery.md: the pictures of every packaged model and of every policy that was measured."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

HEAD = """# Pictures

<!-- Written by scripts/generate_docs.py. -->

## Learning curves

The return in the model while a policy trained there, a curve for each seed with the spread of its evaluations, and at the end its real
return with the 95 % interval of the mean. The numbers are in the [results](results/zero-shot.md).
"""
MODELS = """## Models

For each packaged model: the squared error over the horizon under random actions, beside baselines, the chaos floor (MuJoCo against itself
from states whose positions are off by 1e-4 and velocities by 1e-3) and the variance of the states; and two seconds under the same random
actions from the same state, the truth above the prediction. The numbers are in the [results](results/prediction.md).
"""


def gallery_page(assets: Path, checkpoints: Iterable[str]) -> str:
    """The page, of the pictures that there are in `assets`."""
    curves = [
        f"![Learning curve of {path.stem.removeprefix('zero-shot-')}](assets/{path.name})"
        for path in sorted(assets.glob("zero-shot-*.png"))
    ]
    models = []
    for name in checkpoints:
        stem = name.replace(":", "-")
        shown = {"prediction": f"Error of {name} over the horizon", "strip": f"Truth over prediction of {name}"}
        found = [
            f"![{about}](assets/{kind}-{stem}.png)"
            for kind, about in shown.items()
            if (assets / f"{kind}-{stem}.png").exists()
        ]
        if found:
            models.append("\n\n".join([f"### {name}", *found]))
    return "\n\n".join([HEAD.strip(), *curves, MODELS.strip(), *models]) + "\n"
