"""Custom statistics: numbers in the JSON payload of a packet, by a mapping in the settings.

A packet may hold several objects; each is looked at for each statistic of its protocol type. Where
the number is missing nothing is counted; what is no JSON is counted as an error.
"""

from collections.abc import Callable, Sequence
from typing import Final

from hep.media.errors import MediaError
from hep.media.json_text import objects
from hep.media.values import number
from hepscope_common.metrics import CounterFamily, Family, HistogramFamily, RecentFamily
from hepscope_metrics_exporter.statistics_settings import JsonStatistic, StatisticKind

LABEL_CHARS: Final = 64
MISSING: Final = ""


class _Statistic:
    """One row of the mapping, with its metric."""

    def __init__(self, settings: JsonStatistic, expire_seconds: float) -> None:
        self.path = _keys(settings.path)
        self.labels = [_keys(path) for path in settings.labels.values()]
        name, labels = settings.metric_name, tuple(settings.labels)
        text = settings.help or f"{settings.path} of JSON of type {settings.protocol_type}."
        bound = settings.max_series
        self.family: Family
        self._take: Callable[[tuple[str, ...], float], None]
        match settings.kind:
            case StatisticKind.COUNTER:
                counter = CounterFamily(name, text, labels, max_series=bound)
                self.family, self._take = counter, counter.add
            case StatisticKind.HISTOGRAM:
                histogram = HistogramFamily(name, text, settings.buckets, labels, max_series=bound)
                self.family, self._take = histogram, histogram.observe
            case StatisticKind.GAUGE:
                gauge = RecentFamily(
                    name, text, labels, expire_seconds=expire_seconds, max_series=bound
                )
                self.family, self._take = gauge, gauge.report
        self._is_counter = settings.kind is StatisticKind.COUNTER

    def take(self, found: dict[str, object]) -> None:
        """Take in an object, if it has the number."""
        value = number(_at(found, self.path))
        if value is None or (self._is_counter and value < 0):
            return
        self._take(tuple(_text(_at(found, path)) for path in self.labels), value)


class Statistics:
    """All rows of the mapping, by protocol type."""

    def __init__(self, settings: Sequence[JsonStatistic], *, expire_seconds: float) -> None:
        self.errors = CounterFamily(
            "hepscope_json_errors_total",
            "Packets of a type with custom statistics whose payload is no JSON object.",
        )
        self._rows: dict[int, list[_Statistic]] = {}
        for one in settings:
            row = _Statistic(one, expire_seconds)
            self._rows.setdefault(one.protocol_type, []).append(row)

    @property
    def families(self) -> list[Family]:
        """Everything that is exposed."""
        rows = [row.family for some in self._rows.values() for row in some]
        return [self.errors, *rows]

    def wants(self, protocol_type: int) -> bool:
        """Whether a statistic is made of packets of a type."""
        return protocol_type in self._rows

    def take(self, protocol_type: int, payload: bytes) -> None:
        """Take in a payload."""
        try:
            found = objects(payload)
        except MediaError:
            self.errors.add()
            return
        for one in found:
            for row in self._rows[protocol_type]:
                row.take(one)


def _keys(path: str) -> tuple[str, ...]:
    return tuple(path.split("."))


def _at(found: object, path: tuple[str, ...]) -> object:
    for key in path:
        if isinstance(found, dict):
            found = found.get(key)
        elif isinstance(found, list) and key.isdecimal() and int(key) < len(found):
            found = found[int(key)]
        else:
            return None
    return found


def _text(value: object) -> str:
    """Return a label value: a short printable text; "" stands for a label that is not there."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, str | int | float):
        return MISSING
    text = str(value)[:LABEL_CHARS]
    if text.isprintable():
        return text
    return "".join(sign if sign.isprintable() else "\ufffd" for sign in text)
