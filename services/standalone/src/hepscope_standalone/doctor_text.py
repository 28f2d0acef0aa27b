"""What ``hepscope doctor`` prints: the stops, and below them the hops and what to do."""

from collections.abc import Iterator, Sequence

from hepscope_query_api.hops.hop import Hop, HopState, NodeWalk, Walk
from hepscope_standalone.console import table
from hepscope_standalone.walk import Stop

_WHOLE = (HopState.OK, HopState.HINT)


def told(stops: Sequence[Stop], walk: Walk) -> str:
    """Return the text for a terminal."""
    parts = [
        table([(stop.state.value, stop.what, stop.detail) for stop in stops]),
        table([_line(hop.name.value, hop) for hop in walk.hops]),
    ]
    if rows := [line for node in walk.nodes for line in _node_lines(node)]:
        parts.append(table(rows))
    parts.append(_verdict(walk))
    return "\n\n".join(parts)


def _line(what: str, hop: Hop) -> tuple[str, str, str]:
    return hop.state.value, what, f"{hop.detail}. {hop.do}" if hop.do else hop.detail


def _node_lines(node: NodeWalk) -> Iterator[tuple[str, str, str]]:
    """Yield the hops that are the node's own and not whole."""
    for hop in node.hops:
        if hop.name in ("admission", "newest") and hop.state not in (*_WHOLE, HopState.UNKNOWN):
            yield _line(f"{node.kind} {node.name}: {hop.name}", hop)


def _verdict(walk: Walk) -> str:
    if walk.broken is not None:
        (hop,) = (one for one in walk.hops if one.name is walk.broken)
        return f"Broken: {hop.name}. {hop.do}".rstrip()
    open_hops = [hop.name.value for hop in walk.hops if hop.state is HopState.UNKNOWN]
    if open_hops:
        return f"Nothing is seen to be broken; not known: {', '.join(open_hops)}."
    return "Every hop works."
