"""Servers of HEP as one meets them: addresses, dialling, trust, greeting, numbers, answers."""
