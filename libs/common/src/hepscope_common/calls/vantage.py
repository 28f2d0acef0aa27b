"""Vantage points: at which hosts of a ladder its nodes captured, as far as messages tell.

A node that captures at a host sees what that host sends and receives. So it is at the one host
that is an end of everything it saw; where two are (it saw one link only) or none is (it listens
where several links meet), nothing says which.
"""

from collections.abc import Iterable, Mapping

from hepscope_common.calls.hosts import Endpoint, FlowHost
from hepscope_common.calls.message import FlowMessage


def nodes_at(
    messages: Iterable[FlowMessage], hosts: Mapping[Endpoint, FlowHost]
) -> dict[str, list[str]]:
    """Return the names of the nodes at each host, by its id; hosts without any are left out."""
    common: dict[str, set[str]] = {}
    for message in messages:
        if not message.node or message.protocol_type != 1:
            continue
        ends = {
            hosts[message.source, message.source_port].id,
            hosts[message.destination, message.destination_port].id,
        }
        if message.node in common:
            common[message.node] &= ends
        else:
            common[message.node] = ends
    found: dict[str, list[str]] = {}
    for node in sorted(common):
        if len(common[node]) == 1:
            (host,) = common[node]
            found.setdefault(host, []).append(node)
    return found
