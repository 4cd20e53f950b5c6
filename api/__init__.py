"""The HTTP service: batches, mappings, dead letters and their state."""
