"""Everything that measures policies or compares models for a published table."""
