"""Where a model has seen data: log-densities of states and actions."""
