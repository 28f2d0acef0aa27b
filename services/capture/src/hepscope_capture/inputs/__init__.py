"""What comes in besides frames: HEP of other agents, and log lines."""
