"""How long the capture files of a replay last, found by reading their frames' times first.

With ``--now`` and a speed above 1 the original distances are longer than the replay: were the
first message at the present, the last ones would lie in the future. So the whole is shifted
back by what the replay gains, and its end is at the present when it is reached.
"""

import math
from collections.abc import Sequence
from pathlib import Path

from hepscope_capture.files.errors import Gap
from hepscope_capture.files.source import open_capture
from hepscope_capture.pace import Pace


def gained_us(names: Sequence[str], speed: float) -> int:
    """Return how far the timestamps of a replay at this speed would run ahead of the clock.

    0 for a speed up to 1, and for anything that can be read only once, like a pipe. Raises
    OSError and NotACaptureError, as reading for the replay does.
    """
    if speed <= 1 or not all(Path(name).is_file() for name in names):
        return 0
    span = _span_seconds(names)
    return math.ceil((span - span / speed) * 1_000_000)


def _span_seconds(names: Sequence[str]) -> float:
    pace = Pace(1.0)
    longest = 0.0
    for name in names:
        pace.start_file()
        with open_capture(name) as items:
            for item in items:
                if not isinstance(item, Gap):
                    longest = max(longest, pace.due_seconds(item.time_us))
    return longest
