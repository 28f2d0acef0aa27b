"""Messages: stored SIP, and packets of every other type."""
