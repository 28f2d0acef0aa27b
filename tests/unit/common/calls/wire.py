"""A wire and the nodes that listen: sends of a call as nodes with clocks of their own see them."""

from hypothesis import strategies as st

from unit.common.calls.samples import Seen, make_request, make_response

NODES = ("edge", "core")
TIMER_S = (0.0, 0.5, 1.5, 3.5, 7.5)
"""When timer A sends (RFC 3261 17.1.1.2)."""

ANCHORS = 5
"""Messages that both nodes see."""

MAX_SKEW_S = 60.0
MAX_TRANSIT_S = 0.05


@st.composite
def observed(draw: st.DrawFn) -> tuple[list[Seen], int]:
    """Draw what two nodes saw of a call; the envelope's size is the number of the send.

    Both see a handful of messages that were sent once; INVITEs and OPTIONS were sent again by
    timer, and of those each node misses some.
    """
    skew_s = draw(st.floats(-MAX_SKEW_S, MAX_SKEW_S))
    transit_s = draw(st.floats(0, MAX_TRANSIT_S))
    seen = [
        _anchor(number, node, skew_s=skew_s, transit_s=transit_s)
        for number in range(ANCHORS)
        for node in NODES
    ]
    send = ANCHORS
    for method, begin_s in (("INVITE", 0.0), ("OPTIONS", draw(st.floats(0, 30)))):
        for after_s in TIMER_S[: draw(st.integers(1, len(TIMER_S)))]:
            for node in draw(st.sets(st.sampled_from(NODES), min_size=1)):
                clock_s, way_s = (skew_s, transit_s) if node == "core" else (0.0, 0.0)
                at_s = begin_s + after_s + way_s + clock_s
                seen.append(_numbered(make_request(method, at_s, cseq=9, node=node), send))
            send += 1
    return seen, draw(st.integers(0, 1000))


def _anchor(number: int, node: str, *, skew_s: float, transit_s: float) -> Seen:
    """Return a request to the proxy or an answer of it by turns, each of its own CSeq."""
    is_request = number % 2 == 0
    at_s = 20.0 + number
    # Requests come by the edge first, answers by the core.
    at_s += transit_s if is_request == (node == "core") else 0.0
    at_s += skew_s if node == "core" else 0.0
    if is_request:
        return _numbered(make_request("INFO", at_s, cseq=number, node=node), number)
    return _numbered(make_response(200, at_s, method="INFO", cseq=number, node=node), number)


def _numbered(seen: Seen, send: int) -> Seen:
    seen[1].size = send
    return seen


def observed_wires(seen: list[Seen]) -> dict[frozenset[str], int]:
    """Return the ids of each send that was seen, and the number of its resend among those."""
    ids: dict[int, set[str]] = {}
    kinds: dict[int, tuple[str, int | None, int]] = {}
    for at, (message, envelope) in enumerate(seen):
        ids.setdefault(envelope.size, set()).add(str(at))
        kinds[envelope.size] = (message.method, message.cseq, message.status)
    before: dict[tuple[str, int | None, int], int] = {}
    wires = {}
    for send in sorted(ids):
        wires[frozenset(ids[send])] = before.get(kinds[send], 0)
        before[kinds[send]] = before.get(kinds[send], 0) + 1
    return wires
