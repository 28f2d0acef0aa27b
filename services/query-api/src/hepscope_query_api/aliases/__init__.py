"""Aliases: what addresses are called."""
