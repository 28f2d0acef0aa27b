"""Revisions of the schema, one module each; their statements are in ``sql/``."""
