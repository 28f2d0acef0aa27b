"""Grafana's dashboards, from code: one module a dashboard, written as JSON beside this package.

``make dashboards`` writes them, ``make check-docs`` fails when one is stale. They need nothing but
a Prometheus (or VictoriaMetrics) that scrapes hepscope, not even the recording rules; call search
reads PostgreSQL as ``grafanareader``.
"""
