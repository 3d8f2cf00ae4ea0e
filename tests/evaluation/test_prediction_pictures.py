"""Pictures of predictions on logs, by models with members and a memory, and by floors."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image
from tests.data.logged import cube, turning
from tests.training.measured import QUICK, pendulum_logs

import mosim_gym
from mosim_gym.data.logs import Logs
from mosim_gym.evaluation.floors import ConstantVelocity
from mosim_gym.evaluation.prediction_pictures import draw_errors, draw_prediction, draw_strip
from mosim_gym.mechanics.storage import FileFault
from mosim_gym.training.from_logs import train


def test_a_model_of_logs_is_drawn_over_the_measurements_beside_the_floors(tmp_path):
    logs = pendulum_logs(3, 60)
    model = train("pendulum", logs, members=2, config=QUICK, steps=5, memory=1)
    errors = draw_errors(mosim_gym.evaluate_prediction(model, logs), tmp_path / "errors.png")
    motion = draw_prediction(model, logs, tmp_path / "prediction.png", segment=1, seconds=0.5)
    assert Image.open(errors).width > 500
    assert Image.open(motion).width > 500
    strip = draw_strip(model, logs, tmp_path / "strip.png", segment=1, seconds=0.5, frames=4)
    assert Image.open(strip).width > 500
    with pytest.raises(ValueError, match=r"Segment 0 has 60 control steps, and 0 s are to be predicted"):
        draw_prediction(model, logs, tmp_path / "none.png", segment=0, seconds=0.0)
    qpos, qvel = turning(60)
    free = Logs(cube(), qpos, qvel, np.zeros((60, 0)), np.array([0, 60]))
    with pytest.raises(FileFault, match="holds the motion of 'cube'"):
        draw_prediction(model, free, tmp_path / "none.png")
    assert draw_prediction(ConstantVelocity(cube()), free, tmp_path / "cube.png").exists()
