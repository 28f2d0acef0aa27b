"""Rules on where messages come from and go to: addresses, networks, ports.

What has no address, as some HEP of other agents, is no business of theirs.
"""

from collections.abc import Sequence

from hepscope_capture.decode.datagrams import Datagram
from hepscope_capture.rules.plan import RulePlan
from hepscope_capture.rules.reasons import Reason
from hepscope_common.rules.networks import Membership, Network


class PlaceRules:
    """Which addresses may be on which end."""

    def __init__(self, plan: RulePlan) -> None:
        self._any = _only(plan.addresses)
        self._source = _only(plan.sources)
        self._destination = _only(plan.destinations)
        self._not_source = Membership([*plan.exclude_addresses, *plan.exclude_sources])
        self._not_destination = Membership([*plan.exclude_addresses, *plan.exclude_destinations])

    def refusal(self, message: Datagram) -> Reason | None:
        """Return why a message is not taken, None when it is."""
        source, destination = message.source, message.destination
        if not source and not destination:
            return None
        is_taken = (
            (self._any is None or source in self._any or destination in self._any)
            and (self._source is None or source in self._source)
            and (self._destination is None or destination in self._destination)
            and source not in self._not_source
            and destination not in self._not_destination
        )
        return None if is_taken else Reason.ADDRESS


class PortRules:
    """Which ports neither end may have."""

    def __init__(self, plan: RulePlan) -> None:
        self._ports = plan.exclude_ports

    def refusal(self, message: Datagram) -> Reason | None:
        """Return why a message is not taken, None when it is."""
        ports = self._ports
        is_refused = message.source_port in ports or message.destination_port in ports
        return Reason.PORT if is_refused else None


def _only(networks: Sequence[Network]) -> Membership | None:
    return Membership(networks) if networks else None
