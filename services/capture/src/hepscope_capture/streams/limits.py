"""What one capture may hold of streams at a time: every bound of this package."""

from dataclasses import dataclass

# RFC 3261 names no longest line; a start line of 8 KiB is no earnest one.
LINE_BYTES = 8192
# Header sections of a SIP message or an HTTP request.
HEAD_BYTES = 65_536
# What a held piece costs beside its bytes.
PIECE_BYTES = 256


@dataclass(frozen=True, slots=True)
class StreamLimits:
    """Bounds; what passes them is counted, never silent."""

    directions: int = 65_536  # remembered at a time, two a connection
    total_bytes: int = 32 * 1024 * 1024  # held of all directions together
    # Of one direction: held behind a gap, and how far a number may be from the expected one.
    window_bytes: int = 1024 * 1024
    # HEP cannot carry more than 64 KiB; larger messages are stepped over.
    message_bytes: int = 128 * 1024
    # How much of a direction is searched for SIP before it is taken for something else.
    search_bytes: int = 256 * 1024
    # A retransmission comes within this time, or the piece is lost.
    gap_us: int = 3_000_000
    step_back_us: int = 60_000_000  # a greater step back in time is another clock
    # After the receiver has acknowledged what is missing: the two directions may be out of order.
    acknowledged_us: int = 100_000
    idle_us: int = 300_000_000  # RFC 5626 4.4.1 has keep-alives every 120 s at the latest
    closed_us: int = 10_000_000  # after FIN or RST
