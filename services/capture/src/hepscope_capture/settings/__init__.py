"""Settings of the agent: one table of options, read from command line, environment and file."""
