"""The demo: a source database shaped like MIMIC-III's, and a batch of all of it through the local stack."""
