"""Listeners: one module per transport; all hand packets to the same Intake."""
