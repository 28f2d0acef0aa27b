"""How long to wait: for a further try, for a silent connection, and before giving up.

Pure: times in, times out, in seconds of one clock. Progress is an acknowledgement of something
new, nothing else: bytes that were taken may lie in a buffer that dies.
"""

PATIENCE_SECONDS = 60.0

# A connection on which nothing is acknowledged for so long is given up for a new one; then twice
# as long, since each costs the server everything once more.
STALL_SECONDS = 30.0

FIRST_DELAY_SECONDS = 0.1
LONGEST_DELAY_SECONDS = 5.0


class Patience:
    """What is left of it; it is full whenever progress is made or there is nothing to wait for."""

    def __init__(self, seconds: float, now: float, *, stall_seconds: float = STALL_SECONDS) -> None:
        self.seconds = seconds
        self._stall_seconds = stall_seconds
        self._stall = stall_seconds
        self._since = now
        self._connected_at = now
        self._delay = FIRST_DELAY_SECONDS

    def renew(self, now: float) -> None:
        """Note that something was acknowledged, or that the first packet waits again."""
        self._since = now
        self._stall = self._stall_seconds
        self._delay = FIRST_DELAY_SECONDS

    def connect(self, now: float) -> None:
        """Note that a new connection has its chance."""
        self._connected_at = now

    def left(self, now: float) -> float:
        """Return how long to go on without progress; 0 or less: give up."""
        return self._since + self.seconds - now

    def stalls_in(self, now: float) -> float:
        """Return how long this connection may stay silent; 0 or less: try a new one."""
        return max(self._since, self._connected_at) + self._stall - now

    def stall(self) -> None:
        """Note that a connection was given up for its silence."""
        self._stall *= 2

    def next_delay(self) -> float:
        """Return how long to wait before the next try; twice as long each time, up to a limit."""
        delay = self._delay
        self._delay = min(delay * 2, LONGEST_DELAY_SECONDS)
        return delay
