"""Calls: one item per Call-ID of any method."""
