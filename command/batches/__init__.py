"""Batches and previews from the command line."""
