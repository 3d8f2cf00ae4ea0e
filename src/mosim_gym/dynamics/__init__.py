"""The learned dynamics: networks, the MoSim model, solvers and the Simulator that runs a checkpoint."""
