"""Writes benchmarks/policies/test/<task>.npz and <task>.json: weights and card of a policy, for tests of prediction along its motion.

`python scripts/extract_test_policy.py FILE`
"""

from __future__ import annotations

import sys
from io import BytesIO
from pathlib import Path

import numpy as np

from mosim_gym.adapters.policy_files import load_policy
from mosim_gym.mechanics.storage import readable_json, write_atomically

TEST = Path(__file__).resolve().parents[1] / "benchmarks" / "policies" / "test"

if __name__ == "__main__":
    policy = load_policy(sys.argv[1])
    content = BytesIO()
    layers = enumerate(policy.layers)
    np.savez(
        content,
        **{f"{part}{n}": np.float32(value) for n, pair in layers for part, value in zip("wb", pair, strict=True)},
    )
    place = TEST / f"{policy.card['task']}.npz"
    print("wrote", write_atomically(place, content.getvalue()))
    print("wrote", write_atomically(place.with_suffix(".json"), readable_json(policy.card)))
