"""What topics are made with, and what is said of those that exist."""

import pytest

from hepscope_common.bus.kafka_terms import REPLICAS, demand_usable, differences, terms_of
from hepscope_common.bus.settings import BusSettings
from hepscope_common.runtime import StartupError

SETTINGS = BusSettings(replication_factor=3, min_insync_replicas=2, retention_hours=1.5)
OURS = {REPLICAS: "3", **terms_of(SETTINGS)}


def test_settings_become_terms_by_the_names_of_kafka() -> None:
    """Hours are milliseconds there."""
    assert OURS["retention.ms"] == "5400000"
    assert OURS["min.insync.replicas"] == "2"
    assert int(OURS["max.message.bytes"]) > 900_000


def test_a_topic_that_is_as_wanted_is_not_talked_about() -> None:
    """More room, and names that we do not set, are no difference."""
    found = {**OURS, "max.message.bytes": "5000000", "segment.ms": "1"}

    demand_usable("t", found)
    assert differences(OURS, found) == []


def test_each_difference_is_told_and_unknown_ones_are_not() -> None:
    """Who may not ask for a topic's configuration knows its replicas alone."""
    found = {REPLICAS: "2", "retention.ms": "-1", "min.insync.replicas": "2"}

    demand_usable("t", found)
    assert differences(OURS, found) == ["replicas is 2, not 3", "retention.ms is -1, not 5400000"]
    assert differences(OURS, {REPLICAS: "3"}) == []


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        ({"max.message.bytes": "100000"}, "topic t refuses our longest records"),
        ({"cleanup.policy": "compact,delete"}, "topic t refuses our records: cleanup.policy"),
        ({REPLICAS: "1"}, "topic t can acknowledge nothing: min.insync.replicas is 2"),
    ],
)
def test_a_topic_that_cannot_carry_records_ends_the_start(
    found: dict[str, str], reason: str
) -> None:
    """Not after the spool of ingest is full of what will never go."""
    with pytest.raises(StartupError, match=reason):
        demand_usable("t", {**OURS, **found})
