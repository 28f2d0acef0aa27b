"""What ingests report of a node, merged over them.

Each instance of ingest has the newest report of a node or address in one row. Only those of living
ones count: an instance lives while its reports arrive, by the clock of the database, since its own
may be wrong. What the start before had counted is no part of it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

LEAST_SILENCE_SECONDS: Final = 30
"""An instance lives for three periods of its reports, and no shorter than this."""

REPORTS: Final = f"""
select distinct on (r.instance, r.kind, r.name) r.*,
  extract(epoch from now() - last.stored_at)::float8 as report_age_s,
  r.started_at = last.started_at and now() - last.stored_at < greatest(
    interval '{LEAST_SILENCE_SECONDS} s', 3 * last.period_ms * interval '1 ms') as is_living
from hepscope.node_report r join hepscope.node_report last
  on last.instance = r.instance and last.slot = 0
where r.name <> ''
order by r.instance, r.kind, r.name, r.started_at = last.started_at desc, r.stored_at desc
"""
"""Slot 0 comes with every report: the others are as of it, unless an earlier start left them."""

COLUMNS: Final = (
    "kind, name, instance, is_living, started_at, reported_at, report_age_s, last_seen, packets, "
    "bytes, packets_per_s, bytes_per_s, refused_per_s, refused::text as refused, "
    "quirks::text as quirks, clock_skew_us, hep_versions"
)


@dataclass(frozen=True, slots=True)
class Reported:
    """What one instance says of a node; rates are per second."""

    instance: str
    is_living: bool
    started_at: datetime
    reported_at: datetime
    report_age_s: float
    last_seen: datetime | None
    packets: int
    bytes: int
    packets_per_s: float
    bytes_per_s: float
    refused_per_s: float
    refused: dict[str, int]
    quirks: dict[str, int]
    clock_skew_us: int | None
    hep_versions: Sequence[int]


@dataclass(frozen=True, slots=True)
class Merged:
    """What the living instances say together; None for what none of them does."""

    packets_per_s: float | None
    bytes_per_s: float | None
    refused_per_s: float | None
    refused: dict[str, int]
    quirks: dict[str, int]
    clock_skew_ms: float | None
    hep_versions: list[int]


def merged(reports: Iterable[Reported]) -> Merged:
    """Return sums of rates and counts; of the skews the one of who heard the node last."""
    living = [report for report in reports if report.is_living]
    heard = [one for one in living if one.last_seen is not None and one.clock_skew_us is not None]
    skews = sorted((one.last_seen, one.clock_skew_us) for one in heard)
    return Merged(
        packets_per_s=_total(one.packets_per_s for one in living),
        bytes_per_s=_total(one.bytes_per_s for one in living),
        refused_per_s=_total(one.refused_per_s for one in living),
        refused=_sums(one.refused for one in living),
        quirks=_sums(one.quirks for one in living),
        clock_skew_ms=skew_ms(skews[-1][1]) if skews else None,
        hep_versions=sorted({number for one in living for number in one.hep_versions}),
    )


def skew_ms(skew_us: int | None) -> float | None:
    """Return a skew in milliseconds."""
    return None if skew_us is None else skew_us / 1000


def _total(rates: Iterable[float]) -> float | None:
    found = list(rates)
    return round(sum(found), 3) if found else None


def _sums(counts: Iterable[dict[str, int]]) -> dict[str, int]:
    total: dict[str, int] = {}
    for one in counts:
        for name, count in one.items():
            total[name] = total.get(name, 0) + count
    return dict(sorted(total.items()))
