"""The page on which a learned cheetah runs in the browser: its files, their agreement with the package, and the page itself."""

from __future__ import annotations

import gzip
import json
import re

import gymnasium as gym
import numpy as np
import pytest
import torch
from tests.served import SCREENS, served

from mosim_gym.adapters.policy_files import load_policy
from mosim_gym.envs.registration import env_id
from mosim_gym.mechanics import ForwardKinematics, position, velocity
from mosim_gym.robots import load_robot
from mosim_gym.zoo.names import find_checkpoint

onnxruntime = pytest.importorskip("onnxruntime")
pytest.importorskip("onnx")

from make_browser_page import (  # noqa: E402
    BINARY,
    CHECKPOINT,
    MODULE,
    PAGE,
    POLICY,
    TASK,
    VERSION,
    digest,
)

STALE = "the page in docs/try-it is stale: run python scripts/make_browser_page.py"
LARGEST = 20_000_000  # bytes of the whole page


@pytest.fixture(scope="module")
def model():
    return json.loads((PAGE / "model" / "model.json").read_text())


@pytest.fixture(scope="module")
def sessions():
    return {name: onnxruntime.InferenceSession(PAGE / "model" / f"{name}.onnx") for name in ("step", "policy", "body")}


def _row(values):
    return np.array([values], np.float32)


def test_the_page_is_made_of_the_packaged_checkpoint_and_the_committed_policy(model):
    assert model["checkpoint"]["sha256"] == digest(find_checkpoint(CHECKPOINT)[0]), STALE
    assert model["policy"]["sha256"] == digest(POLICY), STALE
    assert re.fullmatch(r"[0-9a-f]{12}", model["made_by"]["commit"])


def test_the_whole_page_is_small_and_asks_nobody_else_for_anything():
    files = [path for path in PAGE.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < LARGEST
    for name in ("index.md", "cheetah.js", "cheetah.css"):
        assert "://" not in (PAGE / name).read_text()


def test_the_runtime_is_the_version_that_is_named_with_its_licence(model):
    assert model["runtime"]["version"] == VERSION
    assert f"v{VERSION}" in (PAGE / "runtime" / MODULE).read_text()[:200]
    assert gzip.decompress((PAGE / "runtime" / f"{BINARY}.gz").read_bytes()).startswith(b"\0asm")
    assert "MIT License" in (PAGE / "runtime" / "LICENSE").read_text()
    assert b"protobuf" in gzip.decompress((PAGE / "runtime" / "ThirdPartyNotices.txt.gz").read_bytes())


def test_an_episode_of_the_pages_files_is_the_environments(model, sessions):
    env, policy = gym.make(env_id(TASK), ensemble=[0]), load_policy(POLICY)
    start = model["starts"][2]
    seen, _ = env.reset(options={name: start[name] for name in ("qpos", "qvel")})
    state = {name: _row(start[name]) for name in ("qpos", "qvel")}
    observation = _row(start["observation"])
    for _ in range(30):
        (action,) = sessions["policy"].run(None, {"observation": observation})
        np.testing.assert_allclose(action[0], policy.predict(seen, deterministic=True)[0], atol=1e-2, err_msg=STALE)
        qpos, qvel, observation, reward, _ = sessions["step"].run(None, {**state, "action": action})
        state = {"qpos": qpos, "qvel": qvel}
        seen, wanted, *_ = env.step(action[0])
    np.testing.assert_allclose(observation[0], seen, atol=0.05, rtol=1e-2, err_msg=STALE)
    assert reward[0] == pytest.approx(wanted, abs=1e-2)


def test_limbs_are_drawn_where_they_are(model, sessions):
    robot = load_robot(CHECKPOINT)
    qpos = np.array(model["starts"][0]["qpos"])
    qpos[2] = 0.5
    shoves = np.zeros((1, len(model["bodies"]), 2), np.float32)
    ends, com, _ = sessions["body"].run(None, {"qpos": _row(qpos), "shoves": shoves})
    names = [geom["name"] for geom in model["geoms"]]
    found = ForwardKinematics(robot, {"tips": position("tip", names), "middles": position("geom", names)})(
        torch.tensor(qpos)
    )
    np.testing.assert_allclose(ends[0, :, 1], found["tips"][:, [0, 2]], atol=1e-5)
    np.testing.assert_allclose(ends[0].mean(1), found["middles"][:, [0, 2]], atol=1e-5)
    assert "torso" in names
    assert com.shape == (1, 2)
    for geom in model["geoms"]:
        assert robot.bodies.names[geom["body"] + 1] == model["bodies"][geom["body"]]


def test_a_shove_on_the_page_adds_the_velocity_that_was_asked_for(model, sessions):
    start = torch.tensor(model["starts"][0]["qpos"])
    shoves = np.zeros((1, len(model["bodies"]), 2), np.float32)
    foot = model["bodies"].index("ffoot")
    shoves[0, foot, 1] = 2.0
    jump = sessions["body"].run(["jump"], {"qpos": start[None].numpy(), "shoves": shoves})[0]
    foots = ForwardKinematics(load_robot(CHECKPOINT), {"velocity": velocity("mass", "ffoot")})
    assert float(foots(start, torch.tensor(jump[0]))["velocity"][2]) == pytest.approx(2.0, abs=1e-3)


@pytest.fixture
def address(tmp_path):
    """Where the page is served, without the documentation around it."""

    text = (PAGE / "index.md").read_text()
    body = text[text.index("<link") : text.index("</script>") + len("</script>")]
    for part in PAGE.iterdir():
        (tmp_path / part.name).symlink_to(part)
    head = '<!doctype html><html lang="en"><meta name="viewport" content="width=device-width">'
    (tmp_path / "index.html").write_text(f"{head}<body>{body}</body></html>")
    with served(tmp_path) as found:
        yield found


@pytest.mark.slow
@pytest.mark.parametrize("screen", SCREENS)
def test_the_cheetah_runs_in_a_browser_and_can_be_shoved(browser, address, screen):
    width, height = SCREENS[screen]
    page = browser.new_page(viewport={"width": width, "height": height})
    faults, foreign = [], []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("request", lambda asked: None if asked.url.startswith(address) else foreign.append(asked.url))
    page.goto(address)
    page.wait_for_function("document.getElementById('cheetah').dataset.state !== 'loading'", timeout=90_000)
    assert page.get_attribute("#cheetah", "data-state") == "ready", page.inner_text(".cheetah-said")
    page.wait_for_function("mosimCheetah.cheetah.steps >= 100", timeout=60_000)
    qpos, qvel, reward = page.evaluate("['qpos', 'qvel', 'reward'].map((name) => mosimCheetah.cheetah[name])")
    assert np.isfinite([*qpos, *qvel, reward]).all()
    assert qpos[0] > 1
    assert float(page.inner_text("[data-number=speed]")) > 0
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")

    page.click("[data-do=pause]")
    page.wait_for_timeout(300)
    before = page.evaluate("mosimCheetah.cheetah.qvel[0]")
    page.click("[data-do=left]")
    page.evaluate("mosimCheetah.cheetah.step()")
    assert page.evaluate("mosimCheetah.cheetah.qvel[0]") < before - 1
    assert (faults, foreign) == ([], [])


@pytest.mark.slow
def test_a_limb_that_is_dragged_is_pushed(browser, address):
    page = browser.new_page(viewport={"width": 900, "height": 800})
    page.goto(address)
    page.wait_for_function("window.mosimCheetah", timeout=90_000)
    page.click("[data-do=pause]")
    page.wait_for_timeout(300)
    box = page.locator("canvas").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] * 0.6
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x, y - 100)
    page.mouse.up()
    lifted = page.evaluate("Math.max(...mosimCheetah.cheetah.shoves.filter((_, i) => i % 2))")
    assert lifted > 0
