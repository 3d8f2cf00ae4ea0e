"""What tests of tables share: a provenance, and how a row is found."""

from __future__ import annotations

PROVENANCE = {
    "mosim_gym": "9.9.9",
    "commit": "0123456789ab",
    "dirty": False,
    "processor": "a processor",
    "cores": 2,
    "torch_threads": 1,
    "torch": "9.0",
    "mujoco": "8.0",
}


def row(text, *parts):
    """The cells of the only row of a table that holds all of `parts`."""
    (line,) = [line for line in text.splitlines() if line.startswith("|") and all(part in line for part in parts)]
    return [cell.strip() for cell in line.strip("|").split("|")]
