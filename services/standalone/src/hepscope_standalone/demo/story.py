"""What goes wrong in a period: when the carrier is out, strangers knock, and the core restarts."""

from dataclasses import dataclass

from hepscope_standalone.demo.arrivals import MINUTE_US

SECOND_US = 1_000_000

# Parts of the period at which things begin, and the most that they last.
OUTAGE_AT, OUTAGE_SHARE, OUTAGE_MINUTES = 0.55, 0.15, 25
SCAN_AT, SCAN_SHARE, SCAN_MINUTES = 0.20, 0.15, 15
RESTART_AT, RESTART_SECONDS = 0.42, 20

Span = tuple[int, int]
NEVER: Span = (0, 0)


@dataclass(frozen=True, slots=True)
class Story:
    """Spans in microseconds since the Unix epoch."""

    outage: Span = NEVER
    scan: Span = NEVER
    restart: Span = NEVER

    @classmethod
    def of(cls, start_us: int, end_us: int) -> "Story":
        """Return the story of a whole period."""
        length = end_us - start_us

        def span(at: float, share: float, minutes: int) -> Span:
            begin = start_us + round(length * at)
            return begin, begin + min(round(length * share), minutes * MINUTE_US)

        restart = start_us + round(length * RESTART_AT)
        return cls(
            span(OUTAGE_AT, OUTAGE_SHARE, OUTAGE_MINUTES),
            span(SCAN_AT, SCAN_SHARE, SCAN_MINUTES),
            (restart, restart + RESTART_SECONDS * SECOND_US),
        )


def is_within(span: Span, time_us: int) -> bool:
    """Whether a time lies in a span, its end excluded."""
    return span[0] <= time_us < span[1]
