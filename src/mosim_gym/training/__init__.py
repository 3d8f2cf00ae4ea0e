"""Training of models: losses, optimisers, stages and the loop that runs them."""
