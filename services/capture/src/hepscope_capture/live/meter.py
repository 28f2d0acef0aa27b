"""Live counters at a terminal: one line, written over once a second.

12,345 frames/s   1,204 SIP/s   38 RTCP/s   0 dropped   1,242 sent/s   0 waiting
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TextIO

_RATES = (("frames", "frames"), ("messages", "SIP"), ("reports", "RTCP"), ("log_lines", "logs"))
# Back at its beginning, the line is written over by the next one, and by a line of the log.
_CLEAR, _BACK = "\r\x1b[2K", "\r"


@dataclass(slots=True)
class Meter:
    """Writes rates, made of the totals of this call and the one before."""

    output: TextIO
    _before: dict[str, int] = field(default_factory=dict)
    _at: float = 0.0

    def show(self, totals: Mapping[str, int], now: float) -> None:
        """Show totals of a moment, seconds of any clock that only grows."""
        seconds = now - self._at
        if self._before and seconds > 0:
            self.output.write(_CLEAR + self._line(totals, seconds) + _BACK)
            self.output.flush()
        self._before, self._at = dict(totals), now

    def end(self) -> None:
        """Leave the line as it is, and the next one to others."""
        if self._before:
            self.output.write("\n")

    def _line(self, totals: Mapping[str, int], seconds: float) -> str:
        def rate(name: str) -> int:
            return round(max(totals.get(name, 0) - self._before.get(name, 0), 0) / seconds)

        parts = [f"{rate(name):,} {word}/s" for name, word in _RATES if totals.get(name)]
        parts.append(f"{totals.get('drops', 0):,} dropped by the kernel")
        parts.append(f"{rate('sent'):,} sent/s")
        parts.append(f"{totals.get('waiting', 0):,} waiting")
        if totals.get("lost"):
            parts.append(f"{totals['lost']:,} lost")
        return "   ".join(parts)
