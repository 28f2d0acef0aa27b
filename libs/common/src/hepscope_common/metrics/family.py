"""What every family of metrics offers to the collector and to the generated reference page."""

from typing import Protocol

from prometheus_client.core import Metric

OTHER = "other"
"""Label value of everything beyond a bound; in each label of a full family."""

DEFAULT_MAX_SERIES = 500


class Family(Protocol):
    """A named set of series of one type; ``clause`` is the RFC or ITU-T clause that defines it."""

    name: str
    help: str
    labels: tuple[str, ...]
    clause: str

    @property
    def kind(self) -> str:
        """Type of the metric, as the exposition format names it."""
        ...

    def empty(self) -> Metric:
        """Return the metric without samples."""
        ...

    def collect(self) -> Metric:
        """Return the samples of this moment."""
        ...
