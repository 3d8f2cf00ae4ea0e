"""All studies of the MoSim paper's tables, by name."""

from __future__ import annotations

from pathlib import Path

from mosim_gym.evaluation.tables import table
from mosim_gym.mechanics.names import UnknownName
from mosim_gym.mechanics.storage import FileFault
from mosim_gym.studies.paper.base import PaperStudy
from mosim_gym.studies.paper.choices import Choices
from mosim_gym.studies.paper.data import Data
from mosim_gym.studies.paper.horizon import Horizon
from mosim_gym.studies.paper.latent import Latent
from mosim_gym.studies.paper.lyapunov import Lyapunov
from mosim_gym.studies.paper.noise import Noise
from mosim_gym.studies.paper.ode import Ode
from mosim_gym.studies.paper.penalty import PenaltyStudy
from mosim_gym.studies.paper.prediction import Prediction
from mosim_gym.studies.paper.rates import Rates
from mosim_gym.studies.paper.uncertainty import Uncertainty

PAPER_STUDIES: dict[str, type[PaperStudy]] = {
    kind.name: kind
    for kind in (Lyapunov, Rates, Prediction, Noise, Uncertainty, Data, Ode, Latent, Horizon, PenaltyStudy, Choices)
}
"""In the order in which they are worth their time."""


def find_study(name: str) -> type[PaperStudy]:
    """The study called `name`. An unknown name raises with the valid ones."""
    if name not in PAPER_STUDIES:
        raise UnknownName("study", name, list(PAPER_STUDIES))
    return PAPER_STUDIES[name]


def studies_table(folder: Path) -> str:
    """Each study, how many of its cells in `folder` have been run, and the minutes on one core of those left above the cut line."""
    rows: list[list[str]] = []
    for name, kind in PAPER_STUDIES.items():
        try:
            study = kind.stored(folder)
            results = study.results(folder)
        except FileFault as fault:  # the other studies can be listed
            rows.append([name, kind.title, str(fault), "", ""])
            continue
        count, minutes = study.left(results)
        rows.append([name, study.title, f"{len(results)} of {len(study.cells())}", str(count), f"{minutes:.0f}"])
    return table(["Study", "Measures", "Cells run", "Left above the cut line", "Minutes left"], rows)
