"""Lives of a process that delivers, each ended by a kill."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from unit.capture.delivery import putter


def _nothing() -> None:
    return


def live(
    url: str,
    spool: Path,
    first: int,
    turns: int,
    *,
    mark: str = "",
    halfway: Callable[[], None] = _nothing,
) -> tuple[int, int]:
    """Let a process put so many times, and kill it while it goes on.

    Returns up to which number all was safe, and one that was certainly not given yet.
    """
    command = [sys.executable, putter.__file__, url, str(spool), str(first), mark]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        lines = []
        for turn in range(turns):
            if turn == turns // 2:
                halfway()
            lines.append(process.stdout.readline())
        process.kill()
        # The last line may be cut.
        lines += process.stdout.read().split("\n")[:-1]
    return int(lines[-1]), first + putter.A_TURN * (len(lines) + 3)
