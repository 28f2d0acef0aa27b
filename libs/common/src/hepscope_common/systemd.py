"""What systemd wants to know of a service (sd_notify(3)): ready, ending, alive.

The variables that name its socket are taken out of the environment, so that programs started
by us do not speak in our name. Where they are not set, as in a container, nothing is said.
"""

import asyncio
import os
import socket
from collections.abc import MutableMapping
from dataclasses import dataclass
from typing import Final, Self

READY: Final = "READY=1"
STOPPING: Final = "STOPPING=1"
ALIVE: Final = "WATCHDOG=1"

_SOCKET: Final = "NOTIFY_SOCKET"
_WATCHDOG_US: Final = "WATCHDOG_USEC"
_WATCHDOG_PID: Final = "WATCHDOG_PID"


@dataclass(frozen=True, slots=True)
class Systemd:
    """Where to speak, and how often it wants to hear that we live; both None without systemd."""

    address: str | None = None
    watchdog_seconds: float | None = None

    @classmethod
    def taken_from(cls, environ: MutableMapping[str, str]) -> Self:
        """Return what the environment says, and take it out."""
        address = environ.pop(_SOCKET, "")
        period, pid = environ.pop(_WATCHDOG_US, ""), environ.pop(_WATCHDOG_PID, "")
        if not address.startswith(("/", "@")):
            return cls()
        is_ours = period.isdecimal() and int(period) > 0 and pid in ("", str(os.getpid()))
        return cls(address, int(period) / 1e6 if is_ours else None)

    def tell(self, state: str) -> None:
        """Say something; a systemd that does not listen is no reason to fail."""
        if self.address is None:
            return
        # Names that begin with @ stand for abstract ones, which begin with a zero byte.
        address = f"\0{self.address[1:]}" if self.address.startswith("@") else self.address
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as speaking:
            speaking.setblocking(False)
            try:
                speaking.sendto(state.encode(), address)
            except OSError:
                return

    async def keep_alive(self) -> None:
        """Say that the event loop turns, twice in each period; never ends, but without a period."""
        if self.watchdog_seconds is None:
            return
        while True:
            self.tell(ALIVE)
            await asyncio.sleep(self.watchdog_seconds / 2)
