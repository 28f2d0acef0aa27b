"""The filter in force: made of the settings, and of the addresses that our servers have just now.

Names are looked up anew once in a while, so that a server that moved is not captured; by a thread
of its own, since that may take seconds, and the rings do not wait.
"""

import threading
from collections import deque
from collections.abc import Callable

from hepscope_capture.live.bpf import Program, ProgramTooLongError
from hepscope_capture.live.filter import DEFAULT_PORTS, FilterPlan, Server, filter_of
from hepscope_capture.live.libpcap import FilterError, compile_filter
from hepscope_capture.live.plan import LivePlan
from hepscope_capture.live.server_address import resolve
from hepscope_capture.senders.target import Target
from hepscope_common.logs import get_logger

_RESOLVE_SECONDS = 60.0

_log = get_logger("capture")

LookUp = Callable[[Target], Server | None]
"""Returns the addresses of a server, None without any."""


class Filters:
    """Programs for the interfaces of one run."""

    def __init__(self, plan: LivePlan, now: float, look_up: LookUp = resolve) -> None:
        """Look the servers up; raises ValueError, with a line for the user, without a filter."""
        self._plan = plan
        self._look_up = look_up
        self._targets = tuple(
            dict.fromkeys(target for server in plan.servers for target in server.targets)
        )
        self._servers = self._resolved({})
        self._due_at = now + _RESOLVE_SECONDS
        self._search: threading.Thread | None = None
        self._found: deque[dict[Target, Server]] = deque(maxlen=1)
        self.program = self._make(plan)

    def adopt(self, plan: LivePlan) -> Program:
        """Return the program of other settings. Raises ValueError with a line for the user."""
        self.program = self._make(plan)
        self._plan = plan
        return self.program

    def follow(self, now: float) -> Program | None:
        """Return the program that is due since a server moved; look them up now and then."""
        is_searching = self._search is not None and self._search.is_alive()
        if self._targets and now >= self._due_at and not is_searching:
            self._due_at = now + _RESOLVE_SECONDS
            self._search = threading.Thread(
                target=self._resolve, args=(self._servers,), name="resolve", daemon=True
            )
            self._search.start()
        return self._moved(self._found.popleft()) if self._found else None

    def _resolve(self, before: dict[Target, Server]) -> None:
        """Look the servers up for the thread that captures, which alone makes and attaches."""
        self._found.append(self._resolved(before))

    def _resolved(self, before: dict[Target, Server]) -> dict[Target, Server]:
        """Return the addresses of servers; one that has none just now keeps those of before."""
        found = {}
        for target in self._targets:
            server = self._look_up(target) or before.get(target)
            if server is not None:
                found[target] = server
        return found

    def _moved(self, servers: dict[Target, Server]) -> Program | None:
        """Return the program for servers at these addresses, None when it stays as it is."""
        before = self._servers
        if servers == before:
            return None
        self._servers = servers
        try:
            self.program = self._make(self._plan)
        except ValueError as error:
            # What goes to the new address is captured, too: better than no capture.
            _log.error("the filter stays as it is although a server has moved: %s", error)
            self._servers = before
            return None
        return self.program

    def _make(self, plan: LivePlan) -> Program:
        servers = tuple(self._servers.values())
        try:
            if plan.expression:
                return compile_filter(plan.expression, servers, plan.snap_bytes)
            return filter_of(
                FilterPlan(
                    ports=plan.ports or DEFAULT_PORTS,
                    servers=servers,
                    snap_bytes=plan.snap_bytes,
                    rtcp=plan.has_rtcp,
                    log_ports=plan.logs.sniffed_ports,
                    tunnels=plan.has_tunnels,
                    rtp_sample=plan.rtp_sample,
                )
            )
        except (FilterError, ProgramTooLongError) as error:
            raise ValueError(str(error)) from None
