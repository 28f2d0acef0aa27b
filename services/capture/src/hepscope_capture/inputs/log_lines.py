"""Log lines to messages: HEP type 100, the Call-ID as correlation id, the line as payload."""

import re

from hep.protocols import LOG
from hepscope_capture.decode.datagrams import Datagram
from hepscope_capture.decode.transport import UDP
from hepscope_capture.inputs.counts import LogCounts
from hepscope_capture.inputs.log_time import time_of
from hepscope_capture.inputs.patterns import CallIds
from hepscope_capture.inputs.plans import LogPlan

# RFC 3164, section 4.1.1: the priority is 0 to 191.
_PRIORITY = re.compile(rb"<(?:1[0-8]\d|19[01]|\d{1,2})>")
_LINE_ENDS = b"\r\n\0"

Ends = tuple[int, bytes, int, bytes, int]
"""IP protocol; address and port of the sender; address and port of the receiver."""


class LogLines:
    """Makes messages of lines for one thread."""

    def __init__(self, plan: LogPlan, counts: LogCounts) -> None:
        self.counts = counts
        self._plan = plan
        self._call_ids = CallIds(plan.patterns, counts, has_defaults=plan.has_default_patterns)

    def log_of(self, datagram: Datagram) -> Datagram | None:
        """Return the message of a datagram off the wire, None and a count when it is no syslog."""
        if not _PRIORITY.match(datagram.payload):
            self.counts.not_syslog += 1
            return None
        ends = (
            UDP,
            datagram.source,
            datagram.source_port,
            datagram.destination,
            datagram.destination_port,
        )
        return self.message_of(
            datagram.payload, datagram.time_us, ends, is_cut=datagram.is_cut, vlan=datagram.vlan
        )

    def message_of(
        self, line: bytes, arrived_us: int, ends: Ends, *, is_cut: bool = False, vlan: int = 0
    ) -> Datagram | None:
        """Return the message of a line; None, and a count, when it is not to be sent."""
        counts, plan = self.counts, self._plan
        counts.received += 1
        line = line.rstrip(_LINE_ENDS)
        if not line.strip():
            counts.empty += 1
            return None
        if len(line) > plan.line_bytes:
            line, is_cut = line[: plan.line_bytes], True
        counts.cut += is_cut
        call_id = self._call_ids.find(line)
        if call_id:
            counts.with_call_id += 1
        else:
            counts.without_call_id += 1
            if plan.needs_call_id:
                return None
        counts.sent += 1
        protocol, source, source_port, destination, destination_port = ends
        return Datagram(
            time_of(line, arrived_us),
            protocol,
            source,
            source_port,
            destination,
            destination_port,
            line,
            vlan,
            is_cut,
            kind=LOG,
            correlation_id=call_id,
        )
