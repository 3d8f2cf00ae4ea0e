"""Writes benchmarks/results/parity.json; see `mosim-gym evaluate parity --help` for what is measured."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from mosim_gym.evaluation.parity import parity_report
from mosim_gym.evaluation.parity_table import parity_table
from mosim_gym.mechanics.storage import write_atomically

if __name__ == "__main__":
    argparse.ArgumentParser(description=__doc__).parse_args()
    report = parity_report()
    print(parity_table(report))
    write_atomically(Path(__file__).parent / "results" / "parity.json", json.dumps(report, indent=1) + "\n")
