"""SIP messages and attempts, counted as HOMER's dashboards expect them.

``heplify_method_response`` counts each message of a transaction once: a retransmission, and the
copy that another hop or capture point shows, has the same Call-ID, CSeq, tag and start line.
heplify-server counts every copy where it has targets, and without them forgets re-INVITEs and
refreshed registrations, so that its rates change when targets are introduced.
"""

from typing import Final

from hep.sip import SipMessage
from hepscope_common.calls.attempt import Attempt
from hepscope_common.calls.folding import Event, EventKind
from hepscope_common.metrics import OTHER
from hepscope_common.names import Names
from hepscope_metrics_exporter.heplify_families import HeplifyFamilies
from hepscope_metrics_exporter.heplify_targets import (
    NOBODY,
    Peers,
    Targets,
    has_names,
    labels_of,
)
from hepscope_metrics_exporter.methods import MethodLabels
from hepscope_metrics_exporter.recent_keys import RecentKeys
from hepscope_metrics_exporter.statuses import REGISTERED

NANOSECONDS: Final = 1000  # in a microsecond

TYPE_NAMES: Final = {
    1: "sip", 5: "rtcp", 34: "rtpagent", 35: "rtcpxr", 38: "horaclifix", 53: "dns", 100: "log",
}  # fmt: skip
"""What heplify-server calls protocol types; all others are numbers."""

_STATUSES: Final = {code: str(code) for code in REGISTERED}


class HeplifyMessages:
    """Adds messages and attempts to the metrics under heplify-server's names."""

    def __init__(
        self,
        families: HeplifyFamilies,
        names: Names,
        methods: MethodLabels,
        *,
        every_copy: bool,
    ) -> None:
        self._families = families
        self._names = names
        self._methods = methods
        self._every_copy = every_copy
        self._seen = RecentKeys()

    def packets(self, node: str, protocol_type: int, count: int, payload_bytes: int) -> None:
        """Count packets of a node and type."""
        labels = (node, TYPE_NAMES.get(protocol_type) or str(protocol_type))
        self._families.packets.add(labels, count)
        self._families.size.report(labels, payload_bytes / count)

    def note(self, message: SipMessage, peers: Peers, now_us: int) -> Targets:
        """Return the targets for which a message is new; remembers it without counting."""
        targets = labels_of(peers, has_names=has_names(self._names))
        if self._every_copy:
            return targets
        key = (
            message.call_id, message.cseq, message.cseq_method, message.from_tag,
            message.method or message.status,
        )  # fmt: skip
        is_new = self._seen.is_new
        if len(targets) == 1:
            return targets if is_new((key, targets[0]), now_us) else ()
        return tuple([target for target in targets if is_new((key, target), now_us)])

    def count(
        self,
        message: SipMessage,
        targets: Targets,
        node: str,
        cause: str | None,
    ) -> None:
        """Count a message for the targets for which it is new."""
        if message.method:
            response = self._methods.label(message.method)
        else:
            response = _STATUSES.get(message.status, OTHER)
        method = self._methods.label(message.cseq_method or message.method)
        for name, direction in targets:
            self._families.method_response.add((name, direction, node, response, method))
        if cause is not None and targets:
            # Of both ends it is the sender's word, as with heplify-server.
            name = next((name for name, way in targets if way != "dst"), targets[0][0])
            self._families.reason.add((name, cause, response))

    def attempt(self, event: Event) -> None:
        """Report the delay of an attempt as one node saw it."""
        if event.kind is not EventKind.SETTLED:
            return
        attempt = event.attempt
        if attempt.method == "REGISTER":
            delay, gauge = attempt.registration_delay_us, self._families.rrd
        elif attempt.is_answered:
            delay, gauge = attempt.request_delay_us, self._families.srd
        else:
            return
        if delay is not None:
            gauge.report((self._target_of(attempt), attempt.node), delay * NANOSECONDS)

    def log(self, node: str, level: str, host: str | None) -> None:
        """Count a log line; ``host`` is the name of its source."""
        self._families.alerts.add((node, level, host or ""))

    def _target_of(self, attempt: Attempt) -> str:
        """Return the name of the caller's address, else of the callee's."""
        lookup, node = self._names.lookup, attempt.node
        found = lookup(attempt.source, attempt.source_port, node)
        if found is None:
            found = lookup(attempt.destination, attempt.destination_port, node)
        if found is None:
            return labels_of(NOBODY, has_names=has_names(self._names))[0][0]
        return found
