"""Capture agent: capture files to HEP."""
