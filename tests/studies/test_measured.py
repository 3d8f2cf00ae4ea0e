"""Below a table stands what made its numbers, where, and with which seeds."""

from __future__ import annotations

from tests.studies.tables import PROVENANCE

from mosim_gym.studies.measured import measured


def test_a_note_says_version_commit_machine_and_seeds():
    note = measured([{"provenance": PROVENANCE, "seed": 3}, {"provenance": {**PROVENANCE, "dirty": True}, "seed": 4}])
    assert "mosim_gym 9.9.9" in note
    assert "`0123456`, `0123456` with changes" in note
    assert "2 cores of a processor (1 thread of torch)" in note
    assert "seeds 3, 4" in note
    late = {**PROVENANCE, "commit": "ba9876543210", "noted": "afterwards"}
    assert "`0123456`, `ba98765` (noted afterwards)" in measured([{"provenance": PROVENANCE}, {"provenance": late}])
