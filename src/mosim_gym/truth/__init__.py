"""The truth: MuJoCo behind the Simulator's interface, the real dm_control tasks, rendering. Nothing here imports a simulator until used."""
