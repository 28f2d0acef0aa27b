"""Pictures of every screen for the documentation: what is shown, how to get there, the camera."""
