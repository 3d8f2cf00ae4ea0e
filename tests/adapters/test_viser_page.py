"""The page of `mosim-gym play` serves a learned robot beside the true one, and does what its reader asks for."""

from __future__ import annotations

import socket
import time
import urllib.request

import pytest

from mosim_gym.envs.beside_truth import BesideTruth
from mosim_gym.envs.play_loop import PlayLoop
from mosim_gym.policies.scripted import scripted_policy

pytest.importorskip("viser")
pytest.importorskip("mujoco")

from mosim_gym.adapters.viser_page import ViserPage, free_port


def _free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


class _Noting(PlayLoop):
    """A loop that notes the shoves."""

    def shove(self, body, velocity):
        self.shoves = [*getattr(self, "shoves", []), (body, velocity)]
        super().shove(body, velocity)


@pytest.fixture
def page():
    loop = _Noting(BesideTruth("CheetahRun"), scripted_policy("CheetahRun"), seed=0)
    shown = ViserPage(loop, title="CheetahRun", port=_free_port())
    yield shown
    shown.close()


def test_the_page_is_served_at_its_address(page):
    with urllib.request.urlopen(page.address, timeout=10) as answer:
        assert answer.status == 200
        assert b"<html" in answer.read()


def test_a_port_that_is_taken_gives_way_to_the_next_free_one():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert port < free_port("127.0.0.1", port) < 65_536


def test_a_host_that_is_not_this_machine_and_a_port_without_a_free_one_are_refused():
    with pytest.raises(ValueError, match=r"No page can be served at the host '192\.0\.2\.1' \([^()]+\); write 127"):
        free_port("192.0.2.1", 8080)
    with pytest.raises(ValueError, match="No port from 65536 to 65535 is free"):
        free_port("127.0.0.1", 65_536)


def test_frames_move_the_robot_on_by_the_time_that_went_by(page):
    for _ in range(6):
        page.frame(0.05)
    assert page.loop.times[-1] == pytest.approx(0.3, abs=0.011)


@pytest.mark.parametrize("seconds", [20.0, float("inf")])
def test_the_truth_may_rejoin_more_seldom_than_the_slider_usually_goes(seconds):
    shown = ViserPage(PlayLoop(BesideTruth("CartpoleSwingup"), rejoin_every=seconds), title="", port=_free_port())
    shown.frame(0.05)
    shown.close()
    assert shown.loop.rejoin_every == seconds


def _until(page, true):
    """Frames of a paused page, until something that the reader did has arrived."""
    ends = time.monotonic() + 60
    while not true():
        page.frame(0.0)
        assert time.monotonic() < ends
        time.sleep(0.03)


@pytest.mark.slow
def test_a_reader_pauses_shoves_and_takes_over_in_a_browser(page, browser):
    reader = browser.new_page(viewport={"width": 640, "height": 400})
    faults = []
    reader.on("pageerror", lambda error: faults.append(str(error)))
    reader.set_default_timeout(90_000)
    reader.goto(page.address)
    reader.get_by_text("learned model").first.wait_for()
    for _ in range(5):
        page.frame(0.05)
    reader.get_by_role("button", name="Pause").dispatch_event("click")
    _until(page, lambda: page.loop.paused)
    reader.get_by_role("button", name="Go on").wait_for()
    reader.get_by_role("button", name="left", exact=True).dispatch_event("click")
    _until(page, lambda: hasattr(page.loop, "shoves"))
    ((body, velocity),) = page.loop.shoves
    assert body == "torso"
    assert velocity[0] < -1
    reader.get_by_label("The policy acts").dispatch_event("click")
    _until(page, lambda: page.loop.by_hand)
    reader.get_by_role("button", name="Reset").dispatch_event("click")
    _until(page, lambda: page.loop.now.error < 1e-6)
    assert faults == []
