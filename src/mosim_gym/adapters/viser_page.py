"""`ViserPage`: a page in the browser on which a learned robot moves beside the true one, by viser (the extra `play`)."""

from __future__ import annotations

import math
import socket
import time
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import Any

import numpy as np

from mosim_gym.adapters.viser_scene import ViserScene
from mosim_gym.envs.beside_truth import Standing
from mosim_gym.envs.play_loop import REMEMBERED, PlayLoop
from mosim_gym.mechanics.packages import import_extra

EXTRA, USE = "play", "`mosim-gym play`"
PORTS = 65_536
FRAMES_A_SECOND = 30
FRAMES_A_READOUT = 5
ACCENT = (201, 120, 48)
LINE = "#c97830"
STRENGTH = 1.5
"""m/s of the body, by a button."""
PULL = 4.0
"""1/s: a drag by so many metres pushes with so many m/s."""
LEGEND = (
    "The solid robot moves by the **learned model**. The blue ghost is the **truth**: MuJoCo from the same state, "
    "under the same actions."
)
HELP = "Drag a limb and let go to push it. The space bar pauses, **R** resets, **J** and **L** push left and right, **I** up."
Request = Callable[[], None]


def free_port(host: str, port: int) -> int:
    """The first port from `port` on at which a page can be served at `host`. Raises `ValueError` where there is none."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        socket.create_server((host, 0), family=family).close()
    except OSError as error:
        why = str(error.strerror or error).partition(" (")[0]
        raise ValueError(
            f"No page can be served at the host {host!r} ({why}); write 127.0.0.1 for this machine alone, or 0.0.0.0 for others."
        ) from error
    for number in range(port, PORTS):
        try:
            socket.create_server((host, number), family=family).close()
        except OSError:
            continue
        return number
    raise ValueError(f"No port from {port} to {PORTS - 1} is free at {host}; choose a lower one.")


class ViserPage:
    """Shows `loop` on a page that is served at `host:port`. `run` serves until it is interrupted.

    What a reader does on the page is queued, and done between two frames by the thread that calls `frame`.
    """

    def __init__(self, loop: PlayLoop, *, title: str, host: str = "127.0.0.1", port: int = 8080) -> None:
        """Serve the page, at the next free port if `port` is not. Raises `MissingExtra` where viser is not installed."""
        viser = import_extra("viser", EXTRA, USE)
        self.loop = loop
        self._requests: SimpleQueue[Request] = SimpleQueue()
        self._server: Any = viser.ViserServer(host=host, port=free_port(host, port), label=title, verbose=False)
        self.address = f"http://{f'[{host}]' if ':' in host else host}:{self._server.get_port()}"
        """Where the page is."""
        self._server.gui.configure_theme(show_logo=False, show_share_button=False, brand_color=ACCENT)
        self._server.gui.main_panel.dock_right()
        self._scene = ViserScene(self._server, loop.pair.task, self._dragged)
        self._frames = 0
        self._sliders: list[Any] = []
        gui = self._server.gui
        gui.add_markdown(LEGEND)
        self._readout = gui.add_markdown(self._said(loop.now))
        self._plot = gui.add_uplot(
            data=self._curve(),
            series=({"label": "s"}, {"label": "error, cm", "stroke": LINE, "width": 2}),
            scales={"x": {"time": False}, "y": {"range": [0, None]}},
            axes=({"label": "time, s"}, {"label": "error, cm", "size": 56}),
            legend={"show": False},
            height=180,
        )
        self._add_clock()
        self._add_shoves()
        self._add_actions()
        gui.add_markdown(HELP)
        self._scene.show(loop.now)

    def _add_clock(self) -> None:
        gui, loop = self._server.gui, self.loop
        self._pause = gui.add_button("Pause", hint="Space bar")
        self._pause.on_click(self._request(self._toggle))
        reset = gui.add_button("Reset", hint="R")
        reset.on_click(self._request(loop.reset))
        rejoin = gui.add_button("Put the truth into the model's state", color="gray")
        rejoin.on_click(self._request(loop.rejoin))
        speed = gui.add_slider("Speed", min=0.05, max=2.0, step=0.05, initial_value=loop.speed)
        speed.on_update(self._request(lambda: setattr(loop, "speed", float(speed.value))))
        chosen = float(loop.rejoin_every) if math.isfinite(loop.rejoin_every) else 0.0
        often = gui.add_slider(
            "Rejoin, s", min=0.0, max=max(REMEMBERED, chosen), step=0.5, initial_value=chosen,
            hint="After so many seconds the truth begins again in the model's state; 0 is never.",
        )  # fmt: skip
        often.on_update(self._request(lambda: setattr(loop, "rejoin_every", float(often.value))))
        self._hotkey("Pause or go on", "space", self._toggle)
        self._hotkey("Reset", "R", loop.reset)

    def _add_shoves(self) -> None:
        gui, pair = self._server.gui, self.loop.pair
        heaviest = pair.bodies[int(np.argmax(pair.robot.bodies.mass[1:]))]
        with gui.add_folder("Shove"):
            body = gui.add_dropdown("Body", tuple(name for name in pair.bodies if name), initial_value=heaviest)
            strength = gui.add_slider("Strength, m/s", min=0.1, max=5.0, step=0.1, initial_value=STRENGTH)
            directions = self._scene.directions
            buttons = gui.add_button_group("Direction", tuple(directions))

            def push(direction: str) -> None:
                self.loop.shove(body.value, strength.value * directions[direction])

            buttons.on_click(self._request(lambda: push(buttons.value)))
        for (direction, _), key in zip(directions.items(), "JLIK", strict=False):
            self._hotkey(f"Push {direction}", key, lambda direction=direction: push(direction))

    def _add_actions(self) -> None:
        gui, loop = self._server.gui, self.loop
        with gui.add_folder("Actions"):
            if loop.policy is not None:
                acts = gui.add_checkbox("The policy acts", initial_value=not loop.by_hand)
                acts.on_update(self._request(lambda: setattr(loop, "by_hand", not acts.value)))
            names = loop.pair.robot.actuators.names
            for number, (name, low, high) in enumerate(zip(names, loop.low, loop.high, strict=True)):
                first = float(loop.action[number])
                slider = gui.add_slider(
                    name or f"#{number}", min=float(low), max=float(high), step=float(high - low) / 100, initial_value=first
                )  # fmt: skip
                slider.on_update(
                    self._request(lambda n=number, s=slider: loop.action.__setitem__(n, np.float32(s.value)))
                )
                self._sliders.append(slider)
            rest = gui.add_button("Let go", color="gray", hint="All sliders to the middle")
            rest.on_click(self._request(self._let_go))

    def _let_go(self) -> None:
        middle = (self.loop.low + self.loop.high) / 2
        self.loop.action[:] = middle
        for slider, value in zip(self._sliders, middle, strict=True):
            slider.value = float(value)

    def _toggle(self) -> None:
        self.loop.paused = not self.loop.paused
        self._pause.label = "Go on" if self.loop.paused else "Pause"

    def _dragged(self, body: str, pull: np.ndarray) -> None:
        """A limb was dragged by `pull (3,)`, m, and let go."""
        self._requests.put(lambda: self.loop.shove(body, PULL * pull))

    def _request(self, act: Request) -> Callable[[Any], None]:
        """A callback that queues `act`."""

        def queue(_: Any) -> None:
            self._requests.put(act)

        return queue

    def _hotkey(self, label: str, key: str, act: Request) -> None:
        self._server.gui.add_command(label, hotkey=key).on_trigger(self._request(act))

    def frame(self, seconds: float) -> None:
        """Do what the reader asked for, move on by `seconds` of the clock, and show it."""
        while True:
            try:
                self._requests.get_nowait()()
            except Empty:
                break
        self.loop.advance(seconds)
        self._frames += 1
        with self._server.atomic():
            self._scene.show(self.loop.now)
            if self._frames % FRAMES_A_READOUT == 0:
                self._readout.content = self._said(self.loop.now)
                self._plot.data = self._curve()

    def run(self) -> None:
        """Play until interrupted."""
        last = time.perf_counter()
        try:
            while True:
                now = time.perf_counter()
                self.frame(now - last)
                last = now
                time.sleep(max(0.0, 1 / FRAMES_A_SECOND - (time.perf_counter() - now)))
        finally:
            self.close()

    def close(self) -> None:
        """Serve no longer."""
        self._server.stop()

    def _curve(self) -> tuple[np.ndarray, np.ndarray]:
        """Times, s, and errors, cm."""
        return np.array(self.loop.times, float), 100 * np.array(self.loop.errors, float)

    def _said(self, now: Standing) -> str:
        ended = "" if self.loop.ended is None else f"\n\nThe last episode ended: {self.loop.ended}."
        model, truth = now.rewards
        return f"**{100 * now.error:.1f} cm** apart, reward **{model:.2f}** in the model and **{truth:.2f}** in truth{ended}"
