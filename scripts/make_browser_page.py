"""Write what the page docs/try-it runs on: the exported cheetah, a policy and onnxruntime for the browser.

`python scripts/make_browser_page.py` writes docs/try-it/model. `--runtime` also fetches docs/try-it/runtime, by npm, and checks its hash.
"""

from __future__ import annotations

import argparse
import base64
import gzip
import hashlib
import json
import subprocess
import tarfile
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import onnxruntime
import torch

from mosim_gym.adapters.policy_files import load_policy
from mosim_gym.dynamics.shove import Shove
from mosim_gym.envs.bounds import Bounds
from mosim_gym.envs.onnx_export import export_environment, export_policy
from mosim_gym.envs.onnx_graph import onnx_graph
from mosim_gym.mechanics import ForwardKinematics, position, rotation, subtree_com
from mosim_gym.mechanics.provenance import provenance
from mosim_gym.mechanics.storage import readable_json, write_atomically
from mosim_gym.pictures.viewpoint import choose_view
from mosim_gym.pictures.visible import VisibleGeoms
from mosim_gym.robots import load_robot
from mosim_gym.zoo.names import find_checkpoint

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "try-it"
TASK, CHECKPOINT = "CheetahRun", "cheetah"
POLICY = ROOT / "benchmarks" / "policies" / "zero_shot" / "CheetahRun-shac-seed0.safetensors"
RUNTIME, VERSION = "onnxruntime-web", "1.30.0"
INTEGRITY = "sha512-q0y+JrrtukXSzsBWEMccVfqX25LRmosXHF+CaRJmg8pZClzcV7svNc4rKY3jL02Vb7QmRMDs1SigqR4CXAfKYQ=="
"""The hash of the package's archive, as its registry gives it."""
MODULE, BINARY = "ort.wasm.bundle.min.mjs", "ort-wasm-simd-threaded.wasm"
STARTS = 16


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def write_model(folder: Path) -> None:
    """The step, the policy, the body's kinematics and shoves, and what the page must know of them."""
    step = export_environment(TASK, folder / "step.onnx", checkpoint=CHECKPOINT)
    policy = load_policy(POLICY)
    export_policy(policy, folder / "policy.onnx")
    robot, body = load_robot(CHECKPOINT), Body()
    write_atomically(
        folder / "body.onnx",
        onnx_graph(body, {"qpos": torch.tensor(robot.qpos0[None]).float(), "shoves": body.no_shoves}, body.outputs),
    )
    card = json.loads(onnxruntime.InferenceSession(step).get_modelmeta().custom_metadata_map["card"])
    checkpoint, _ = find_checkpoint(CHECKPOINT)
    made = provenance()
    content = {
        "task": TASK,
        "checkpoint": {"name": card["name"], "member": card["member"], "sha256": digest(Path(checkpoint))},
        "policy": {
            "file": POLICY.relative_to(ROOT).as_posix(),
            "sha256": digest(POLICY),
            "algorithm": policy.card.get("algorithm"),
        },
        "made_by": {name: made[name] for name in ("mosim_gym", "commit", "dirty", "torch")},
        "runtime": {"package": RUNTIME, "version": VERSION},
        "control_step": card["control_step"],
        "actuators": robot.nu,
        "bodies": robot.bodies.names[1:],
        "geoms": body.shown,
        "bounds": bounds(card["box"]),
        "starts": [
            {name: start[name] for name in ("qpos", "qvel", "observation")} for start in card["starts"][:STARTS]
        ],
    }
    write_atomically(folder / "model.json", readable_json(content))


def bounds(box: dict[str, object]) -> dict[str, list[float | None]]:
    """The states in which episodes go on, qpos and qvel in one list; None where there is no limit."""
    sides = Bounds({"box": box}, torch.float32, torch.device("cpu")).sides
    assert sides is not None
    return {
        name: [round(float(x), 5) if np.isfinite(float(x)) else None for x in side]
        for name, side in zip(("low", "high"), sides, strict=True)
    }


class Body:
    """From `qpos (1, nq)` and `shoves (1, bodies, 2)`, m/s, to what is drawn, in the picture's plane, and to the jump of q̇ `(1, nv)`."""

    outputs = ("ends", "com", "jump")

    def __init__(self) -> None:
        robot = load_robot(CHECKPOINT)
        view, geoms = choose_view(robot), robot.geoms
        visible = VisibleGeoms(robot)
        self._plane = torch.tensor(np.stack((view.right, view.up))).float()  # (2, 3)
        self._half = torch.tensor(geoms.size[visible.shapes, 1]).float()[:, None]
        self._shove = Shove(robot)
        self._kinematics = ForwardKinematics(
            robot,
            {
                "centre": position("geom", visible.names),
                "turn": rotation("geom", visible.names),
                "com": subtree_com("#0"),
            },
        )
        self.no_shoves = torch.zeros(1, len(robot.bodies) - 1, 2)
        self.shown = [
            {
                "name": geoms.names[g],
                "body": int(geoms.body[g]) - 1,
                "radius": round(float(geoms.size[g, 0]), 6),
                "colour": [round(255 * float(part)) for part in geoms.rgba[g, :3]],
            }
            for g in visible.shapes
        ]

    def __call__(self, qpos: torch.Tensor, shoves: torch.Tensor) -> tuple[torch.Tensor, ...]:
        found = self._kinematics(qpos)
        along = found["turn"][..., 2] * self._half  # half of a capsule, along its z axis
        ends = torch.stack((found["centre"] - along, found["centre"] + along), dim=-2)
        impulses = self._shove.impulses(qpos, shoves @ self._plane)
        return ends @ self._plane.mT, found["com"] @ self._plane.mT, self._shove(qpos, impulses)


def write_runtime(folder: Path) -> None:
    """The module, the compressed binary and the licence of onnxruntime-web, from the package's archive."""
    with TemporaryDirectory() as place:
        subprocess.run(["npm", "pack", f"{RUNTIME}@{VERSION}"], cwd=place, check=True, capture_output=True)
        (archive,) = Path(place).glob("*.tgz")
        found = "sha512-" + base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
        if found != INTEGRITY:
            raise SystemExit(f"{RUNTIME} {VERSION} has the hash {found}; {INTEGRITY} was expected.")
        with tarfile.open(archive) as files:
            for name in (MODULE, BINARY):
                member = files.extractfile(f"package/dist/{name}")
                assert member is not None
                content = member.read()
                if name == BINARY:
                    write_atomically(folder / f"{name}.gz", gzip.compress(content, 9, mtime=0))
                else:
                    write_atomically(folder / name, content)
    licence = Path(onnxruntime.__file__).parent
    write_atomically(folder / "LICENSE", (licence / "LICENSE").read_bytes())
    notices = (licence / "ThirdPartyNotices.txt").read_bytes()
    write_atomically(folder / "ThirdPartyNotices.txt.gz", gzip.compress(notices, 9, mtime=0))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runtime", action="store_true", help="fetch onnxruntime-web, too")
    chosen = parser.parse_args()
    write_model(PAGE / "model")
    print("wrote", PAGE / "model")
    if chosen.runtime:
        write_runtime(PAGE / "runtime")
        print("wrote", PAGE / "runtime")
