"""The doctor says what works, and what is missing with the command that brings it."""

from __future__ import annotations

import pytest
from packaging.requirements import Requirement

from mosim_gym.cli import main
from mosim_gym.cli.doctor import BROKEN, LACKS, WORKS, Finding, judged, told


def test_on_this_machine_everything_that_is_needed_works(capsys):
    main(["doctor"])
    lines = capsys.readouterr().out.splitlines()
    assert not [line for line in lines if line.startswith(BROKEN)]
    for about in ("mosim_gym", "torch", "mujoco", "extra parquet", "cores", "rendering", "packaged models"):
        assert any(line[4:].startswith(about) for line in lines), about
    assert any(line.startswith(f"{WORKS}  a step in the model") for line in lines)


@pytest.mark.parametrize(
    ("needed", "state", "said"),
    [
        ("numpy>=1", WORKS, ""),
        ("numpy>=99", BROKEN, "is outside >=99: pip install 'numpy>=99'"),
        ("no-such-package>=2", BROKEN, "missing: pip install 'no-such-package>=2'"),
    ],
)
def test_a_package_is_there_or_too_old_or_missing(needed, state, said):
    finding = judged(Requirement(needed))
    assert finding.state == state
    assert said in finding.said


def test_what_is_broken_is_counted_and_what_only_lacks_is_not(capsys):
    assert told([Finding(LACKS, "GPU", "none"), Finding(BROKEN, "films", "no ffmpeg")]) == 1
    assert capsys.readouterr().out.splitlines() == [
        "--  GPU                    none",
        "!!  films                  no ffmpeg",
    ]
