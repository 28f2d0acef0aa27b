"""What the services share: runtime, settings, logs, metrics, bus, store and call logic."""

__version__ = "0.1.0"
