"""The names in force: those of the settings and of the file, which is read again when it changes.

A file that is broken or cannot be read leaves the list as it was, is counted and logged; one that
is not there is an empty list. It is looked at every few seconds, so that no signal is needed.
"""

import asyncio
from pathlib import Path
from types import TracebackType
from typing import Self

from hepscope_common.logs import Throttle, get_logger
from hepscope_common.names.entry import MAX_ENTRIES, NameEntry, NamesError, parse_names
from hepscope_common.names.settings import NamesSettings
from hepscope_common.names.table import Address, NameTable
from hepscope_common.runtime import Supervisor, cancel

LOOK_SECONDS = 2.0
"""Between two looks at the file."""

MAX_FILE_BYTES = 4 * 1024 * 1024

_log = get_logger("names")


class Names:
    """Finds the name of an address; as a component it follows its file."""

    name = "names"
    drain_seconds = 1.0

    def __init__(self, settings: NamesSettings, supervisor: Supervisor | None = None) -> None:
        """Read the file, if there is one; without a supervisor it is read again by ``refresh``."""
        self.errors = 0
        """How often the file could not be used."""
        self._targets = settings.targets()
        self._file = settings.file
        self._supervisor = supervisor
        self._throttle = Throttle(_log)
        self._state: tuple[int, ...] | None = None
        self._table = NameTable(self._targets)
        self._task: asyncio.Task[None] | None = None
        self.refresh()

    @property
    def entries(self) -> tuple[NameEntry, ...]:
        """The names in force, those of the file first."""
        return self._table.entries

    def lookup(self, address: Address, port: int = 0, node: str = "") -> str | None:
        """Return the name of a packed or written address, None where it has none.

        The longest prefix wins, then an entry with the port, then one with the node. Where the
        node is not known (""), an entry of any node will do.
        """
        return self._table.lookup(address, port, node)

    def refresh(self) -> bool:
        """Read the file again if it is another one than before; returns whether it was read."""
        if self._file is None:
            return False
        try:
            state = _state_of(self._file)
            if state == self._state:
                return False
            self._state = state
            entries = parse_names(_read(self._file)) if state else []
        except (OSError, UnicodeDecodeError, NamesError) as error:
            self.errors += 1
            if isinstance(error, OSError):
                # Who mends a right to read does not change the file.
                self._state = None
            self._throttle.warning("file", "%s: %s; the names stay as they were", self._file, error)
            return False
        self._table = NameTable([*entries, *self._targets])
        return True

    async def __aenter__(self) -> Self:
        """Begin to follow the file."""
        if self._file is not None and self._supervisor is not None:
            self._task = self._supervisor.start(self._follow(), name=self.name)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Follow it no more."""
        await cancel(self._task)

    async def _follow(self) -> None:
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            if self.refresh():
                _log.info("%s: %d names", self._file, len(self.entries))


def _state_of(file: Path) -> tuple[int, ...]:
    """Return what changes when a file does; () when there is none. Raises OSError."""
    try:
        found = file.stat()
    except FileNotFoundError:
        return ()
    return (found.st_mtime_ns, found.st_size, found.st_ino)


def _read(file: Path) -> str:
    with file.open("rb") as opened:
        content = opened.read(MAX_FILE_BYTES + 1)
    if len(content) > MAX_FILE_BYTES:
        raise NamesError(f"larger than {MAX_FILE_BYTES} bytes, which {MAX_ENTRIES} names are not")
    return content.decode()
