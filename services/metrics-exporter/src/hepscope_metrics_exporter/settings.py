"""Settings of the exporter: section ``[metrics]``."""

from pathlib import Path
from typing import Self

from pydantic import Field, model_validator

from hepscope_common.settings import CommaList, Listen, ListenList, Section
from hepscope_metrics_exporter.statistics_settings import JsonStatistic

_LOOPBACK = "127.0.0.1"


class MetricsSettings(Section):
    """Where metrics are exposed, what is counted and how many series there may be."""

    listen: ListenList = (Listen(host=_LOOPBACK, port=9096),)
    """Address for Prometheus; on loopback until users exist."""

    max_nodes: int = Field(default=200, ge=1, le=10_000)
    """Nodes told apart by name; further ones are counted as `other`."""

    max_names: int = Field(default=200, ge=1, le=10_000)
    """Named addresses told apart in each direction; further ones are counted as `other`."""

    max_streams: int = Field(default=400, ge=1, le=10_000)
    """Combinations of node, direction and codec told apart in each metric of media quality."""

    methods: CommaList[str] = ()
    """Extension methods told apart beside the standard ones, e.g. KDMQ."""

    max_attempts: int = Field(default=100_000, ge=1000, le=10_000_000)
    """Transactions remembered at once, about 1.2 kB each; beyond, the oldest are settled early.

    Each is remembered once for all nodes together and once for each node that sees it.
    """

    max_sessions: int = Field(default=150_000, ge=1000, le=10_000_000)
    """Calls under way remembered at once, about 600 bytes each, counted likewise."""

    late_seconds: float = Field(default=5.0, ge=0, le=300)
    """How much later than another a node may deliver what it saw at the same time; so long an
    attempt without an answer waits beyond its timer."""

    rewind_seconds: float = Field(default=600, ge=0, le=7 * 86400)
    """How far before the first uncounted record a taken over partition is read again, without
    counting, to know the calls under way."""

    sdp_bytes: int = Field(default=16 * 1024 * 1024, ge=0, le=1 << 32)
    """Memory for the session descriptions of calls, which tell the codec of RTCP."""

    gauge_seconds: float = Field(default=300, gt=0, le=86400)
    """After how long without a report a gauge of reported values disappears."""

    geoip_file: Path | None = None
    """Database of countries in MaxMind's format (MMDB, of countries or cities), e.g. GeoLite2 or
    DB-IP: attempts are then counted by country, too. Read again when it changes."""

    heplify: bool = True
    """Whether metrics under the names of heplify-server are exposed, too."""

    heplify_every_copy: bool = False
    """Whether heplify_method_response counts retransmissions and the copies of a message that
    several capture points saw, as heplify-server does where it has targets."""

    statistics: tuple[JsonStatistic, ...] = ()
    """Numbers in JSON payloads that become metrics: a list of tables, in the environment JSON."""

    @model_validator(mode="after")
    def _are_told_apart(self) -> Self:
        names = [one.metric_name for one in self.statistics]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"two statistics have the name {twice[0]}")
        return self
