"""Metrics exporter: bus records to Prometheus metrics."""
