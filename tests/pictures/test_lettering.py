"""Words on the frames of films."""

from __future__ import annotations

import numpy as np

from mosim_gym.pictures.lettering import lettered, one_above_the_other


def test_words_stand_in_the_corner_of_a_copy():
    frame = np.full((90, 160, 3), 120, np.uint8)
    said = lettered(frame, "real")
    assert (frame == 120).all()
    changed = (said != frame).any(-1)
    assert changed[:30, :60].any()
    assert not changed[30:].any()
    assert not changed[:, 60:].any()


def test_worlds_stand_one_above_the_other_each_with_its_name():
    frame = np.full((90, 160, 3), 120, np.uint8)
    both = one_above_the_other({"real": frame, "model": frame}, 1.25)
    np.testing.assert_array_equal(both, np.concatenate((lettered(frame, "real, 1.2 s"), lettered(frame, "model"))))
