"""`play`: a page in the browser on which a learned robot can be seen and pushed, beside the true one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from tyro.conf import Positional, arg

from mosim_gym.cli.common import Seed, Trusted


@dataclass(frozen=True)
class Play:
    """Serve a page: a task's learned robot beside the true one, under the same actions; push it, pause it, act by hand."""

    task: Annotated[Positional[str], arg(help="A task such as CheetahRun.")]
    policy: Annotated[
        str | None,
        arg(help="scripted, random, or a policy's file (of this package, or an SB3 zip); without one, sliders act."),
    ] = None
    checkpoint: Annotated[str | None, arg(help="The model; by default the robot's packaged one.")] = None
    rejoin: Annotated[
        float, arg(help="Seconds after which the truth begins again in the model's state; 0 is never.")
    ] = 1.0
    host: Annotated[str, arg(help="The address that is served; 0.0.0.0 lets other machines see the page.")] = (
        "127.0.0.1"
    )
    port: Annotated[int, arg(help="The port, or the next free one.")] = 8080
    trusted: Trusted = False
    seed: Seed = 0

    def run(self) -> None:
        from mosim_gym.adapters.policy_files import check_policy, load_policy
        from mosim_gym.adapters.viser_page import EXTRA, USE, ViserPage
        from mosim_gym.envs.beside_truth import BesideTruth
        from mosim_gym.envs.play_loop import PlayLoop
        from mosim_gym.mechanics.numbers import check_at_least
        from mosim_gym.mechanics.packages import import_extra
        from mosim_gym.robots import find_task
        from mosim_gym.studies.demonstration import find_policy

        import_extra("viser", EXTRA, USE)
        check_at_least(0, **{"--rejoin": self.rejoin})
        if not 0 < self.port < 65536:
            raise ValueError(f"--port is {self.port}; a port is a number from 1 to 65535.")
        find_task(self.task)
        policy = None
        if self.policy is not None:
            policy = find_policy(self.task, self.policy, seed=self.seed)
            if policy is None:
                policy = load_policy(self.policy, trusted=self.trusted)
                check_policy(policy, self.task)
        pair = BesideTruth(self.task, checkpoint=self.checkpoint)
        loop = PlayLoop(pair, policy, rejoin_every=self.rejoin, seed=self.seed)
        page = ViserPage(loop, title=self.task, host=self.host, port=self.port)
        print(f"{self.task} is at {page.address}; Ctrl-C ends it", flush=True)
        page.run()
