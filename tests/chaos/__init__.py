"""The chaos run: the services as processes under load and faults, then the proof by numbers."""
