"""Motion to learn from: samplers of states and actions, collection, datasets and streams."""
