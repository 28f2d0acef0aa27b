"""Settings of one custom statistic: which number of which JSON payload becomes which metric."""

from enum import StrEnum
from typing import Annotated, Final, Self

from pydantic import Field, model_validator

from hepscope_common.settings import Section

PREFIX: Final = "hepscope_json_"
"""Before the name of each custom metric, so that none can take the name of another."""

_Path = Annotated[str, Field(min_length=1, max_length=200)]
_Label = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,31}$")]


class StatisticKind(StrEnum):
    """What becomes of the number."""

    GAUGE = "gauge"
    """The last one is exposed until it expires."""
    COUNTER = "counter"
    """They are added up; negative ones are refused."""
    HISTOGRAM = "histogram"
    """They are counted by bucket."""


class JsonStatistic(Section):
    """A number in the JSON payload of a HEP packet."""

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
    """Exposed behind hepscope_json_; a counter gets _total."""

    protocol_type: int = Field(default=100, ge=2, le=255)
    """HEP protocol type of the packets (chunk 11)."""

    path: _Path
    """Keys from the top of the object to the number, with dots between; a number of a list by
    its place, e.g. legs.0.rtt."""

    kind: StatisticKind = StatisticKind.GAUGE
    """gauge, counter or histogram."""

    labels: dict[_Label, _Path] = Field(default={}, max_length=6)
    """Names of labels, with the path to the text or number that is the value."""

    help: str = Field(default="", max_length=300)
    """What the metrics page of Prometheus says of it."""

    buckets: tuple[float, ...] = Field(default=(), max_length=50)
    """Upper bounds of a histogram, ascending."""

    max_series: int = Field(default=100, ge=1, le=10_000)
    """Combinations of label values told apart; further ones are counted as `other`."""

    @property
    def metric_name(self) -> str:
        """Name of the metric."""
        end = "_total" if self.kind is StatisticKind.COUNTER else ""
        return f"{PREFIX}{self.name.removesuffix('_total') if end else self.name}{end}"

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if (self.kind is StatisticKind.HISTOGRAM) != bool(self.buckets):
            raise ValueError(f"{self.name}: a histogram has buckets, and nothing else has")
        if list(self.buckets) != sorted(set(self.buckets)):
            raise ValueError(f"{self.name}: buckets must ascend")
        if "le" in self.labels:
            raise ValueError(f"{self.name}: le is the label of buckets")
        return self
