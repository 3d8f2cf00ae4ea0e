"""`mosim-gym train` on logs, as typed."""

from __future__ import annotations

import json
import sys

import numpy as np
import pytest
from tests.training.measured import pendulum_logs

import mosim_gym
from mosim_gym.cli import main
from mosim_gym.robots import load_robot

ARM = (
    '<mujoco model="arm"><worldbody><body><joint name="angle" type="hinge"/><geom size="0.1"/></body></worldbody>'
    '<actuator><motor joint="angle" ctrlrange="-1 1" ctrllimited="true"/></actuator></mujoco>'
)


def test_saved_logs_are_learned_without_naming_their_robot(tmp_path, capsys):
    pendulum_logs(2, 100).save(tmp_path / "logs")
    main(f"train --data {tmp_path}/logs --budget 1s --members 1 --memory 1 --out {tmp_path}/out".split())
    said = capsys.readouterr().out
    assert "Root mean square errors of pendulum" in said
    assert "pendulum: 4.0 s of motion, memory 1 (given); wrote" in said
    card = json.loads((tmp_path / "out" / "result.json").read_text())["card"]
    assert card["recipe"]["logs"]["segments"] == 1
    for name in ("errors.png", "prediction.png"):
        assert f"wrote {tmp_path}/out/{name}" in said
        assert (tmp_path / "out" / name).stat().st_size > 5_000
    assert mosim_gym.load(tmp_path / "out" / "checkpoint.safetensors").memory == 1


def test_without_matplotlib_a_model_is_learned_and_its_pictures_are_missed_in_one_sentence(
    tmp_path, capsys, monkeypatch
):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    pendulum_logs(2, 100).save(tmp_path / "logs")
    main(f"train --data {tmp_path}/logs --budget 1s --members 1 --density --out {tmp_path}/out".split())
    said = capsys.readouterr().out
    assert "There are no pictures of the predictions, because matplotlib is not installed." in said
    assert "density: log-density of held-out motion" in said
    assert mosim_gym.load(tmp_path / "out" / "checkpoint.safetensors").density is not None


def test_any_source_of_logs_is_learned_for_a_robot_from_a_file(tmp_path, capsys):
    logs = pendulum_logs(1, 150)
    (tmp_path / "arm.xml").write_text(ARM)
    (tmp_path / "map.toml").write_text('qpos = "q"\nqvel = "v"\naction = "u"\n')
    step = load_robot("pendulum").control_step
    np.savez(tmp_path / "log.npz", q=logs.qpos, v=logs.qvel, u=logs.actions, time=np.arange(151) * step)
    words = (
        f"train --robot {tmp_path}/arm.xml --timestep {step} --data {tmp_path}/log.npz --columns {tmp_path}/map.toml"
    )
    main(f"{words} --budget 1s --members 1 --out {tmp_path}/out".split())
    assert "arm: 3.0 s of motion" in capsys.readouterr().out
    model = mosim_gym.load(tmp_path / "out" / "checkpoint.safetensors")
    assert (model.robot.name, model.timestep) == ("arm", step)


def test_what_a_simulation_of_the_robots_file_leaves_is_learned(tmp_path, capsys):
    (tmp_path / "arm.xml").write_text(ARM)
    mosim_gym.simulated_logs(tmp_path / "arm.xml", segments=6, duration=1.0, timestep=0.02).save(tmp_path / "logs")
    words = (
        f"train --robot {tmp_path}/arm.xml --data {tmp_path}/logs --known simulation --budget 1s --members 1 --memory 0"
    )
    main(f"{words} --out {tmp_path}/out".split())
    assert "s of motion; alone it errs by" in capsys.readouterr().out
    assert mosim_gym.load(tmp_path / "out" / "checkpoint.safetensors").card["known"] == "simulation"


FAULTS = {
    "train --data {place}/logs --known simulation": "--known simulation needs the robot's file with --robot",
    "train --robot pendulum": "--robot is for logs; name them with --data",
    "train pendulum --memory 1": "--memory is for logs",
    "train pendulum --memory 0": "--memory is for logs",
    "train pendulum --density": "--density is for logs",
    "train pendulum --timestep 0.1": "--timestep is for logs",
    "train --data {place}/logs --recipe mixed": "--recipe is for simulated motion; leave it out with logs",
    "train --data {place}/logs --device cuda": "--device and --loss are for simulated motion",
    "train pendulum --robot pendulum --data {place}/logs": "Name the robot of logs once",
    "train --robot cartpole --data {place}/logs": "holds the motion of 'pendulum'",
    "train --robot pendulum --data {place}/no.csv": "There is no log at",
    "train --data {place}/logs --columns {place}/map.toml": "holds logs that are imported already",
    "train --data {place}/logs --budget soon": "'soon' is not a duration",
}


@pytest.mark.parametrize("typed", FAULTS)
def test_what_cannot_be_learned_is_one_sentence(typed, tmp_path, capsys):
    pendulum_logs(2, 100).save(tmp_path / "logs")
    with pytest.raises(SystemExit) as end:
        main([*typed.format(place=tmp_path).split(), "--out", str(tmp_path / "out")])
    assert end.value.code == 2
    error = capsys.readouterr().err
    assert FAULTS[typed] in error
    assert error.count("\n") == 1
