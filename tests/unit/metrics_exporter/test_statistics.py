"""Numbers in JSON payloads become metrics, by a mapping in the settings."""

import json

import pytest
from pydantic import ValidationError

from hepscope_common.settings import Settings, load
from hepscope_metrics_exporter.settings import MetricsSettings
from hepscope_metrics_exporter.statistics_settings import JsonStatistic
from support.builders import make_packet
from unit.metrics_exporter.exporter_world import World, counted

GAUGE = {
    "name": "trunk_channels",
    "path": "trunk.channels",
    "labels": {"trunk": "trunk.name", "site": "site"},
    "help": "Channels in use.",
}
COUNTER = {"name": "minutes_total", "path": "minutes", "kind": "counter", "protocol_type": 99}
HISTOGRAM = {
    "name": "wait_seconds", "path": "legs.0.wait", "kind": "histogram", "buckets": [1, 5],
}  # fmt: skip


def packet(payload: object, protocol_type: int = 100) -> bytes:
    """Return a HEP packet with JSON."""
    text = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    return make_packet(text, protocol_type=protocol_type)


async def played(*packets: bytes) -> World:
    """Return an exporter with the mapping above that has counted packets."""
    return await counted(*packets, statistics=[GAUGE, COUNTER, HISTOGRAM])


async def test_numbers_by_path_with_labels() -> None:
    """The last value of a gauge, the sum of a counter, the buckets of a histogram."""
    trunk = {"trunk": {"name": "carrier-1", "channels": 12}, "site": 3}
    found = await played(
        packet(trunk),
        packet({"minutes": 2.5}, 99),
        packet({"minutes": "3"}, 99),
        packet({"legs": [{"wait": 3}]}),
    )
    labels = {"trunk": "carrier-1", "site": "3"}
    assert found.value("hepscope_json_trunk_channels", **labels) == 12
    assert found.value("hepscope_json_minutes_total") == 5.5
    assert found.value("hepscope_json_wait_seconds_bucket", le="5.0") == 1
    assert found.seconds("hepscope_json_wait_seconds") == (1, 3)


@pytest.mark.parametrize(
    "payload",
    [
        {"trunk": {"name": "x"}}, {"trunk": {"channels": None}}, {"trunk": []}, {"trunk": "x"},
        {"trunk": {"channels": [1]}}, {"trunk": {"channels": True}},
    ],
)  # fmt: skip
async def test_where_the_number_is_missing_nothing_is_counted(payload: object) -> None:
    """Other objects of the type may have other keys."""
    found = await played(packet(payload))
    assert found.total("hepscope_json_trunk_channels") == 0
    assert found.value("hepscope_json_errors_total") == 0


async def test_what_is_no_json_is_an_error() -> None:
    """Counted, as every packet of the type is."""
    found = await played(packet(b"INFO: no json"), packet(b"\xff\xfe"))
    assert found.value("hepscope_json_errors_total") == 2


async def test_a_counter_never_falls() -> None:
    """A negative number is not added."""
    found = await played(packet({"minutes": 2}, 99), packet({"minutes": -1}, 99))
    assert found.value("hepscope_json_minutes_total") == 2


async def test_values_of_labels_are_bounded() -> None:
    """In number, in length and in what they may hold."""
    packets = [
        packet({"trunk": {"name": f"{n}\u0007" + "x" * 200, "channels": 1}, "site": {}})
        for n in range(150)
    ]
    found = await played(*packets)
    samples = [
        sample
        for family in found.registry.collect()
        for sample in family.samples
        if sample.name == "hepscope_json_trunk_channels"
    ]
    assert len(samples) == 101
    assert max(len(sample.labels["trunk"]) for sample in samples) <= 64
    assert all(sample.labels["trunk"].isprintable() for sample in samples)
    assert found.total("hepscope_json_trunk_channels", trunk="other", site="other") == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": "Bad-Name", "path": "a"},
        {"name": "a", "path": ""},
        {"name": "a", "path": "a", "kind": "histogram"},
        {"name": "a", "path": "a", "buckets": [1]},
        {"name": "a", "path": "a", "kind": "histogram", "buckets": [2, 1]},
        {"name": "a", "path": "a", "protocol_type": 1},
        {"name": "a", "path": "a", "labels": {"le": "b"}},
        {"name": "a", "path": "a", "labels": {"B": "b"}},
        {"name": "a", "path": "a", "unknown": 1},
    ],
)
def test_mistakes_in_the_mapping_are_refused_at_the_start(wrong: dict[str, object]) -> None:
    """Also keys that nobody knows."""
    with pytest.raises(ValidationError):
        JsonStatistic.model_validate(wrong)


def test_two_of_one_name_are_refused() -> None:
    """A counter and a counter with its ending would be one metric."""
    with pytest.raises(ValidationError, match="two statistics"):
        MetricsSettings.model_validate(
            {"statistics": [COUNTER, {"name": "minutes", "path": "x", "kind": "counter"}]}
        )


def test_the_environment_may_hold_the_mapping() -> None:
    """As JSON, since an environment has no tables."""

    class Read(Settings):
        """A process with this section."""

        metrics: MetricsSettings = MetricsSettings()

    found = load(Read, environ={"HEPSCOPE_METRICS__STATISTICS": json.dumps([GAUGE])})
    assert found.metrics.statistics[0].metric_name == "hepscope_json_trunk_channels"
