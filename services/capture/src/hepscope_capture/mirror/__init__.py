"""What the capture was shown of what the ends sent: the proof that a mirror port is complete."""
