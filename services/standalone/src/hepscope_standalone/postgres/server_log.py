"""The server's log: ``<data dir>/postgres.log`` and one older ``postgres.log.1``.

PostgreSQL writes straight to the file, not to a pipe of ours: while we wait for the database,
nobody would read a pipe, and a full one would stop the database. The file is open for append, so
cutting it to nothing below the writer is safe; what is lost is what came between copy and cut.
"""

import os
import re
from pathlib import Path

LOG_NAME = "postgres.log"

# Weeks of a healthy server, minutes of one that complains about every statement.
MAX_BYTES = 16 * 1024 * 1024

# Enough for the story of a failed start.
TAIL_BYTES = 8 * 1024

_PREFIX = re.compile(r"^\d{4}-\d\d-\d\d [\d:.]+ \S+ \[\d+\] ")
_GRAVE = re.compile(r"\b(PANIC|FATAL|ERROR|initdb: error):")


class ServerLog:
    """The log of one data directory; ``max_bytes`` bounds each of the two files."""

    def __init__(self, data_dir: Path, *, max_bytes: int = MAX_BYTES) -> None:
        self.path = data_dir / LOG_NAME
        self._max_bytes = max_bytes
        self._start = 0

    def open(self) -> int:
        """Return a file descriptor for the server's output; the caller closes it.

        ``tail`` tells from here on. Raises OSError.
        """
        self.trim()
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
        file = os.open(self.path, flags, 0o600)
        self._start = os.fstat(file).st_size
        return file

    def trim(self) -> bool:
        """Move a log above the bound to ``postgres.log.1``; return whether it was."""
        if not self.path.exists() or self.path.stat().st_size <= self._max_bytes:
            return False
        older = self.path.with_name(LOG_NAME + ".1")
        older.unlink(missing_ok=True)
        with self.path.open("rb") as source, older.open("xb") as target:
            os.fchmod(target.fileno(), 0o600)
            source.seek(-self._max_bytes, os.SEEK_END)
            target.write(source.read())
        os.truncate(self.path, 0)
        self._start = 0
        return True

    def tail(self) -> list[str]:
        """Return the last lines written since ``open``, at most TAIL_BYTES of them."""
        if not self.path.exists():
            return []
        with self.path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(self._start if self._start <= size else 0, size - TAIL_BYTES))
            text = file.read(TAIL_BYTES).decode("utf-8", "replace")
        return text.splitlines()


def reason_in(lines: list[str]) -> str:
    """Return the last grave line without its time stamp, else the last line, else ""."""
    said = [_PREFIX.sub("", line).strip() for line in lines]
    grave = [line for line in said if _GRAVE.search(line)]
    # "terminating connection" and the like follow a PANIC and hide it.
    worst = [line for line in grave if "PANIC" in line] or grave or [line for line in said if line]
    return worst[-1] if worst else ""
