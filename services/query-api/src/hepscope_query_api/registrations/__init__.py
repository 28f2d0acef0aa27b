"""Registrations: one item per Call-ID of REGISTER."""
