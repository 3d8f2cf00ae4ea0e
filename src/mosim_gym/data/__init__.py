"""Data for learning: where states come from, which actions are tried, collection through the truth, datasets on disk and streams."""
