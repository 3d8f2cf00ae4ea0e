"""Writes benchmarks/results/kinematics.json; see `mosim-gym evaluate kinematics --help` for what is measured."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from mosim_gym.evaluation.kinematics import kinematics_report, kinematics_table
from mosim_gym.mechanics.storage import write_atomically

if __name__ == "__main__":
    argparse.ArgumentParser(description=__doc__).parse_args()
    report = kinematics_report()
    print(kinematics_table(report))
    write_atomically(Path(__file__).parent / "results" / "kinematics.json", json.dumps(report, indent=1) + "\n")
