"""The hepscope command: every service in one process."""
