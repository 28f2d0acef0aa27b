"""Nodes: the agents that captured something."""
