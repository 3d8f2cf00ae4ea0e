"""Figures of the MoSim paper (arXiv 2504.07095) beside which the studies stand. Steps are physics steps of the robot's MJCF."""

from __future__ import annotations

LYAPUNOV = {"MuJoCo": 1.1738, "MoSim": 1.1728}
"""Table 6."""
RANDOM: dict[str, dict[str, dict[str, float]]] = {
    "cheetah": {
        "rssm-r": {"16": 0.1925, "100": 0.2297},
        "rssm-e": {"16": 6.53, "100": 5.85},
        "mosim-r": {"16": 0.1206, "100": 0.2185},
        "mosim-e": {"16": 0.534, "100": 1.188},
    },
    "reacher": {
        "rssm-r": {"16": 0.0972, "100": 0.0988},
        "rssm-e": {"16": 0.108, "100": 0.174},
        "mosim-r": {"16": 0.0005, "100": 0.0009},
        "mosim-e": {"16": 0.0037, "100": 0.0053},
    },
    "acrobot": {
        "rssm-r": {"16": 0.1015, "100": 4.928},
        "rssm-e": {"16": 0.936, "100": 4.90},
        "mosim-r": {"16": 0.0001, "100": 0.1043},
    },
    "hopper@0.005": {
        "rssm-r": {"16": 0.1114, "100": 0.3199},
        "mosim-r": {"16": 0.0743, "100": 0.4049},
        "mosim-rm": {"16": 0.0375, "100": 0.2507},
    },
    "humanoid@0.005": {
        "rssm-r": {"5": 1.395, "10": 1.826, "16": 2.129},
        "mosim-r": {"5": 0.938, "10": 1.534, "16": 1.974},
        "mosim-rm": {"5": 0.654, "10": 1.006, "16": 1.274},
    },
    "panda@0.002": {
        "rssm-r": {"16": 0.0434, "100": 0.0971},
        "mosim-r": {"16": 0.0010, "100": 0.0043},
    },
    "go2@0.002": {
        "rssm-r": {"16": 0.3685, "100": 0.4165},
        "mosim-r": {"16": 0.0430, "100": 0.1282},
        "mosim-rm": {"16": 0.0410, "100": 0.1401},
    },
}
"""Table 1: squared errors on random data up to each horizon, by robot and by model with its kind of data. RSSM reads five true states."""
AFTER_ONE: dict[str, dict[str, dict[str, float]]] = {
    "cheetah": {"rssm-r": {"16": 0.875, "100": 0.405}, "rssm-e": {"16": 8.25, "100": 6.55}},
    "reacher": {"rssm-r": {"16": 0.745, "100": 0.753}, "rssm-e": {"16": 0.737, "100": 0.741}},
    "acrobot": {"rssm-r": {"16": 3.74, "100": 9.75}, "rssm-e": {"16": 3.64, "100": 9.74}},
    "hopper@0.005": {"rssm-r": {"16": 0.641, "100": 0.924}},
    "humanoid@0.005": {"rssm-r": {"5": 5.22, "10": 6.05, "16": 6.51}},
    "panda@0.002": {"rssm-r": {"16": 0.240, "100": 0.337}},
    "go2@0.002": {"rssm-r": {"16": 1.010, "100": 0.924}},
}
"""Table 1: the same of RSSM after one true state."""
POLICY: dict[str, dict[str, dict[str, float]]] = {
    "cheetah": {
        "rssm-r": {"16": 11.1, "100": 4.56},
        "rssm-e": {"16": 4.89, "100": 9.43},
        "mosim-r": {"16": 5.61, "100": 3.84},
        "mosim-e": {"16": 3.88, "100": 13.0},
    },
    "reacher": {
        "rssm-r": {"16": 0.0488, "100": 0.0571},
        "rssm-e": {"16": 0.0514, "100": 0.0803},
        "mosim-r": {"16": 0.0005, "100": 0.0008},
        "mosim-e": {"16": 0.0027, "100": 0.0030},
    },
    "acrobot": {
        "rssm-r": {"16": 1.39, "100": 11.2},
        "rssm-e": {"16": 1.39, "100": 11.2},
        "mosim-r": {"16": 0.0121, "100": 1.286},
    },
}
"""Table 2: the same on the motion of TD-MPC2's policies."""
STEPS_UNTIL: dict[str, str] = {
    "cheetah": "60",
    "reacher": "> 1000",
    "acrobot": "99",
    "panda@0.002": "> 1000",
    "hopper@0.005": "51",
    "humanoid@0.005": "42",
    "go2@0.002": "200",
}
"""Table IV: the steps until MoSim's error is as large as RSSM's at 16 steps."""
NOISE: dict[str, dict[str, float]] = {
    "reacher": {"rssm-true": 0.0988, "mosim-true": 0.0009, "mosim-noisy": 0.0008},
    "panda@0.002": {"rssm-true": 0.0971, "mosim-true": 0.0043, "mosim-noisy": 0.0042},
    "go2@0.002": {"rssm-true": 0.4165, "mosim-true": 0.1282, "mosim-noisy": 0.2111},
}
"""Table 5: errors after 100 steps."""
LATENT: dict[str, dict[str, dict[str, float]]] = {
    "policy": {
        "humanoid": {"latent": 1.1e-4, "mosim-e": 9e-5},
        "cheetah": {"latent": 9e-4, "mosim-e": 7e-4},
        "reacher": {"latent": 4.81e-5, "mosim-e": 2.93e-7},
    },
    "random": {
        "humanoid": {"latent": 0.0050, "mosim-rm": 0.0020},
        "cheetah": {"latent": 0.0011, "mosim-rm": 0.0003},
        "reacher": {"latent": 9.92e-5, "mosim-rm": 7.0e-7},
    },
}
"""Tables 3 and 4: squared errors of latents after three steps of TD-MPC2, by the test, the robot and the predictor."""
LEAST_HORIZON: dict[str, str] = {
    "ReacherEasy": "30 / 30",
    "ReacherHard": "30 / 30",
    "CheetahRun": "500 / 60",
    "AcrobotSwingup": "800 / 60",
    "HumanoidWalk": "1000 /",
    "HopperHop": "1000 /",
}
"""Tables 7 and V: the least horizon from which TQC learns the task, and the horizon that MoSim achieves."""
