"""What can happen in the demo: each scenario plays one call, registration or ping."""
