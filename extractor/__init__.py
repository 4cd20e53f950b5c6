"""Mapping to SQL to rows: one `extract` event a primary key, in chunks."""
