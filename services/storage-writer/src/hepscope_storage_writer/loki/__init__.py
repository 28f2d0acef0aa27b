"""The Loki sink: what comes over the bus as log lines, pushed to Grafana Loki.

It reads as a consumer group of its own, whose committed positions say what Loki has acknowledged.
"""
