"""The files of the chart that are made from others.

Copies of rules and dashboards, because Helm reads nothing outside of a chart, and the settings in
``values.schema.json``, so that a wrong one is refused before anything is installed.
"""
