"""Fixtures of all tests; each plugin says what it offers."""

pytest_plugins = [
    "support.corpus",
    "support.postgres",
    "support.service",
    "support.browser",
    "support.kafka",
]
