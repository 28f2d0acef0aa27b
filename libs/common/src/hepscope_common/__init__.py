"""What the services of hepscope share: runtime, settings, logs, metrics, bus, store and call logic."""
