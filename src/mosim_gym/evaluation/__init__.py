"""How well a model predicts: tests, errors, baselines, parity, kinematics and speed."""
