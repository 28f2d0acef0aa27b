"""Countries of addresses, from a file in MaxMind's format (MMDB) that the user supplies.

None comes with hepscope, since the usual ones are licensed to whoever downloads them. The file is
read whole, so that one which is overwritten in place cannot end the process, and again when it has
changed: its publishers give a new one every week. A code is two capital letters (ISO 3166-1);
private addresses, and whatever the file does not know, are ``unknown``.
"""

import re
import time
from ipaddress import ip_address
from pathlib import Path
from typing import Final

import maxminddb

from hepscope_common.logs import Throttle, get_logger

UNKNOWN: Final = "unknown"

LOOK_SECONDS = 30.0
"""Between two looks at the file."""

MAX_REMEMBERED = 20_000
"""Addresses whose country is remembered, about 150 bytes each; a scan begins the memory anew."""

_CODE: Final = re.compile(r"[A-Z]{2}")

_log = get_logger("exporter.countries")


class Countries:
    """Tells the country of a packed address."""

    def __init__(self, file: Path | None) -> None:
        """Read the file, if one is named; it may also come later."""
        self.errors = 0
        """How often the file could not be used."""
        self._file = file
        self._reader: maxminddb.Reader | None = None
        self._state: tuple[int, ...] | None = None
        self._looked_at = float("-inf")
        self._remembered: dict[bytes, str] = {}
        self._throttle = Throttle(_log)
        self.follow()

    @property
    def is_known(self) -> bool:
        """Whether there is a file to ask."""
        return self._reader is not None

    def code(self, address: bytes) -> str:
        """Return the country's code, or ``unknown``."""
        code = self._remembered.get(address)
        if code is None:
            if len(self._remembered) >= MAX_REMEMBERED:
                self._remembered.clear()
            code = self._remembered[address] = self._ask(address)
        return code

    def follow(self) -> None:
        """Read the file again if it has changed; looks no more often than LOOK_SECONDS."""
        now = time.monotonic()
        if self._file is None or now - self._looked_at < LOOK_SECONDS:
            return
        self._looked_at = now
        self.refresh()

    def refresh(self) -> None:
        """Read the file again if it has changed; one that cannot be used leaves what was."""
        assert self._file is not None
        try:
            found = self._file.stat()
            state = (found.st_mtime_ns, found.st_size, found.st_ino)
            if state == self._state:
                return
            self._state = state
            reader = maxminddb.open_database(self._file, maxminddb.MODE_MEMORY)
        except (OSError, ValueError, maxminddb.InvalidDatabaseError) as error:
            self.errors += 1
            if isinstance(error, OSError):
                # Who mends a right to read does not change the file.
                self._state = None
            self._throttle.warning("file", "%s: %s; countries stay as they were", self._file, error)
            return
        self._reader = reader
        self._remembered.clear()

    def _ask(self, address: bytes) -> str:
        if self._reader is None or len(address) not in {4, 16}:
            return UNKNOWN
        try:
            found = self._reader.get(ip_address(address))
        except (ValueError, maxminddb.InvalidDatabaseError) as error:
            # An IPv6 address in a file of IPv4, or a record that is broken.
            self._throttle.warning("record", "%s: %s", self._file, error)
            return UNKNOWN
        return _code_in(found)


def _code_in(record: object) -> str:
    """Return the code in a record of a country or city database."""
    if not isinstance(record, dict):
        return UNKNOWN
    for key in ("country", "registered_country"):
        country = record.get(key)
        code = country.get("iso_code") if isinstance(country, dict) else None
        if isinstance(code, str) and _CODE.fullmatch(code):
            return code
    return UNKNOWN
