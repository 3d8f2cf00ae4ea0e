"""`plan`: plays real episodes by searching the model for the actions."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from tyro.conf import Positional, arg

from mosim_gym.cli.common import Out, Reported, Seed


@dataclass(frozen=True)
class Plan(Reported):
    """Play a real task without a policy: search the model for the best next actions, take the first one, and search again."""

    files = ("return.png", "plan.mp4")

    task: Annotated[Positional[str], arg(help="A task such as CheetahRun.")]
    method: Annotated[Literal["mppi", "cem"], arg(help="Model-predictive path integral, or cross-entropy method.")] = (
        "mppi"
    )
    horizon: Annotated[int, arg(help="Control steps to look ahead.")] = 50
    hold: Annotated[int, arg(help="Control steps for which an action is held before the next search.")] = 1
    samples: Annotated[int, arg(help="Sequences of actions tried in each iteration.")] = 512
    iterations: Annotated[int, arg(help="Number of iterations of a search.")] = 2
    checkpoint: Annotated[str | None, arg(help="The model; by default the robot's packaged one.")] = None
    precision: Annotated[Literal["float32", "fast"], arg(help="Precision of the model.")] = "float32"
    episodes: Annotated[int, arg(help="Real episodes, played side by side.")] = 1
    steps: Annotated[int, arg(help="Control steps of each.")] = 1000
    out: Out = Path("runs/plan")
    seed: Seed = 0

    def run(self) -> None:
        from dataclasses import asdict

        from mosim_gym.mechanics.numbers import check_at_least
        from mosim_gym.mechanics.provenance import provenance
        from mosim_gym.pictures.plots import return_plot
        from mosim_gym.rl.report import REAL_SEED, check_episodes, side_by_side, write_side_by_side
        from mosim_gym.rl.strategies.planner import Planner, PlannerConfig
        from mosim_gym.rl.strategies.planning import Replayed, play_planned
        from mosim_gym.robots import load_task

        check_episodes(self.task, self.episodes)
        check_at_least(1, **{"--steps": self.steps})
        config = PlannerConfig(
            method=self.method,
            horizon=self.horizon,
            hold=self.hold,
            samples=self.samples,
            iterations=self.iterations,
            elites=min(32, self.samples) if self.method == "cem" else None,
            seed=self.seed,
        )
        planner = Planner(self.task, config, rows=self.episodes, checkpoint=self.checkpoint, precision=self.precision)
        played = play_planned(self.task, planner, steps=self.steps, seed=REAL_SEED)
        milliseconds = 1000 * played.decision_seconds
        print(
            f"return {played.result}; {milliseconds:.0f} ms to decide for {self.episodes} "
            f"episode{'s' * (self.episodes > 1)}, {played.real_time:.2f} times real time"
        )
        h = load_task(self.task).robot.control_step
        plot = return_plot(
            self.out / "return.png", played.result, f"{self.task}, planned by {self.method}", control_step=h
        )
        shown = side_by_side(
            self.task, Replayed(played.actions), steps=self.steps, seed=REAL_SEED, checkpoint=self.checkpoint
        )
        video = write_side_by_side(self.out / "plan.mp4", shown, control_step=h)
        for path in (plot, video):
            print(f"wrote {path}")
        timing = {"decision_ms": round(milliseconds, 2), "real_time_factor": round(played.real_time, 3)}
        self.write_result(
            {
                "planner": asdict(config),
                "real": played.result.summary(),
                **timing,
                "provenance": provenance(seeds=[self.seed, *range(REAL_SEED, REAL_SEED + self.episodes)]),
            }
        )
