"""The size of the dataset that tests share."""

SEGMENTS = 2100  # three chunks
