"""`density`: how likely states and actions are in the data of a model."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from tyro.conf import Positional, arg

from mosim_gym.cli.common import Out, Reported, Seed, advance


@dataclass(frozen=True)
class Density(Reported):
    """Fit a density to the states and actions of a model's training data, for penalties. An interrupted fit continues."""

    robot: Annotated[Positional[str], arg(help="A robot such as cheetah.")]
    recipe: Annotated[str, arg(help="Where the data come from: coverage or narrow.")] = "coverage"
    states: Annotated[bool, arg(help="Leave the actions out: P(s) and not P(s, a).")] = False
    budget: Annotated[str, arg(help="Time for fitting, for example 90s, 20m or 1.5h.")] = "10m"
    install: Annotated[bool, arg(help="Make it the packaged density of the checkpoint of this recipe.")] = False
    out: Out = Path("runs/density")
    seed: Seed = 0

    def run(self) -> None:
        from tqdm import tqdm

        from mosim_gym.density.motion_density import STATES, STATES_AND_ACTIONS
        from mosim_gym.mechanics.durations import seconds
        from mosim_gym.mechanics.storage import check_own
        from mosim_gym.training.density import fit_density
        from mosim_gym.training.flow_fitting import STATE
        from mosim_gym.zoo.densities import density_name, packaged_density_path

        of = STATES if self.states else STATES_AND_ACTIONS
        name = density_name(self.robot if self.recipe == "coverage" else f"{self.robot}:{self.recipe}", of)
        place = self.out / f"{name.replace(':', '+')}.safetensors"
        check_own([place], place.with_suffix("") / STATE)
        with tqdm(total=1000, desc=f"density of {self.robot}", disable=None) as bar:

            def show(state: dict[str, float]) -> None:
                advance(bar, int(1000 * state["share"]))
                bar.set_postfix_str(f"log density {state['log_density']:.2f}")

            density = fit_density(
                self.robot,
                recipe=self.recipe,
                budget=seconds(self.budget),
                seed=self.seed,
                folder=place.with_suffix(""),
                of=of,
                report=show,
            )
        for path in (place, *[packaged_density_path(name)] * self.install):
            print(f"wrote {density.save(path)}")
        card = density.card
        print(
            f"{name}: log-density of held-out motion {card['held_out_log_density']:.2f} nats; "
            f"by a normal distribution {card['gaussian_log_density']:.2f}"
        )
        self.write_result({"card": card})
