"""The engine: a mapping compiled once into a plan, and run per record."""
