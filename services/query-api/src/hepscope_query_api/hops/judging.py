"""Judges the hops: pure, facts in, words out.

Reports of ingest are packets of their own that go listener, bus, writer, database, every ten
seconds by default: where a fresh one is stored, that way works. Where they stop without a look at
ingest or bus there is no telling which of both ended, and that is what is said.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from hepscope_query_api.hops.advice import BY_CHOICE, NOISE, advice, reasons_text
from hepscope_query_api.hops.facts import Facts, IngestFacts, Look, Looks, NodeFacts
from hepscope_query_api.hops.hop import Hop, HopName, HopState, Walk
from hepscope_query_api.hops.node_walk import START_WRITER, STORED_WITHIN, node_walk
from hepscope_query_api.hops.words import address_text, ago_text, moment_text

SLOW_REPORT_S: Final = 60.0
"""From the making of a report until it is stored."""

START_HEPSCOPE: Final = "Start it: hepscope run, or the service hepscope-ingest."
LOOK_THERE: Final = "Run hepscope doctor where ingest runs."
PASTE: Final = "Point a sender here: the page shows the lines to paste."


def judge(facts: Facts | None, looks: Looks) -> Walk:
    """Return the walk; ``facts`` are None where the database cannot be read."""
    listener = _listener(facts, looks)
    bus = _bus(facts, looks)
    database = _found(HopName.DATABASE, looks.database)
    if facts is None:
        unknown = "the database does not answer, so nobody can say"
        admission = Hop(HopName.ADMISSION, HopState.UNKNOWN, unknown)
        newest = Hop(HopName.NEWEST, HopState.UNKNOWN, unknown)
        return Walk([listener, admission, bus, database, newest], [])
    hops = [listener, _admission(facts), bus, database, _newest(facts)]
    return Walk(hops, [node_walk(one, listener, bus, database) for one in facts.nodes])


def _found(name: HopName, look: Look) -> Hop:
    state = HopState.OK if look.is_whole else HopState.BROKEN
    return Hop(name, state, look.detail, "" if look.is_whole else look.do)


def _listener(facts: Facts | None, looks: Looks) -> Hop:
    if looks.listener is not None:
        return _found(HopName.LISTENER, looks.listener)
    if facts is None:
        detail = "ingest is another process, and its reports lie in the database"
        return Hop(HopName.LISTENER, HopState.UNKNOWN, detail, LOOK_THERE)
    if facts.living:
        told = "; ".join(f"{one.instance}: {_addresses(one)}" for one in facts.living)
        return Hop(HopName.LISTENER, HopState.OK, f"listening: {told}")
    if facts.ingests:
        return Hop(HopName.LISTENER, HopState.UNKNOWN, _silence(facts), LOOK_THERE)
    detail = "no ingest has ever reported here (it does within seconds of its start)"
    return Hop(HopName.LISTENER, HopState.UNKNOWN, detail, START_HEPSCOPE)


def _addresses(ingest: IngestFacts) -> str:
    if ingest.listeners is None:
        return "alive, its release does not say where"
    texts = [f"{one.transport} {address_text(one.host, one.port)}" for one in ingest.listeners]
    return ", ".join(texts) or "every address of HEP is off"


def _silence(facts: Facts) -> str:
    last = max(facts.ingests, key=lambda one: one.stored_at)
    return (
        f"the last report of {last.instance} was stored {ago_text(last.report_age_s)} ago:"
        " ingest has ended, or what it sends does not arrive"
    )


def _admission(facts: Facts) -> Hop:
    accepted, refused = _accepted(facts.nodes), _refused(facts.nodes)
    rate = sum(one.refused_per_s for one in facts.nodes if one.kind != "address")
    if not facts.living:
        return Hop(HopName.ADMISSION, HopState.UNKNOWN, "no ingest reports what it accepts")
    if not accepted and not refused:
        return Hop(HopName.ADMISSION, HopState.UNKNOWN, "no packet has come yet", PASTE)
    text = reasons_text(refused)
    if not accepted:
        state = HopState.WARNING if refused.keys() <= NOISE else HopState.BROKEN
        detail = f"all that came is refused: {text}"
        return Hop(HopName.ADMISSION, state, detail, advice(refused))
    if not refused:
        return Hop(HopName.ADMISSION, HopState.OK, f"{accepted} packets accepted, none refused")
    detail = f"{accepted} packets accepted; refused: {text}"
    if refused.keys() <= BY_CHOICE:
        return Hop(HopName.ADMISSION, HopState.OK, detail)
    state = HopState.WARNING if rate > 0 else HopState.HINT
    return Hop(HopName.ADMISSION, state, detail, advice(refused))


def _accepted(nodes: Sequence[NodeFacts]) -> int:
    return sum(one.accepted for one in nodes)


def _refused(nodes: Sequence[NodeFacts]) -> dict[str, int]:
    """Return refusals by reason; one that shows with a node and its address counts once."""
    by_node: dict[str, int] = {}
    by_address: dict[str, int] = {}
    for one in nodes:
        counts = by_address if one.kind == "address" else by_node
        for reason, count in one.refused.items():
            counts[reason] = counts.get(reason, 0) + count
    return {
        reason: max(by_node.get(reason, 0), by_address.get(reason, 0))
        for reason in sorted(by_node.keys() | by_address.keys())
    }


def _bus(facts: Facts | None, looks: Looks) -> Hop:
    if looks.bus is not None and not looks.bus.is_whole:
        return _found(HopName.BUS, looks.bus)
    if facts is None:
        if looks.bus is not None:
            return _found(HopName.BUS, looks.bus)
        return Hop(HopName.BUS, HopState.UNKNOWN, "what comes out of it lies in the database")
    if facts.living:
        freshest = min(facts.living, key=lambda one: one.report_age_s)
        seen = f"a report of {freshest.instance} came through {ago_text(freshest.report_age_s)} ago"
        delay_s = (freshest.stored_at - freshest.reported_at).total_seconds()
        if delay_s > SLOW_REPORT_S:
            detail = f"{seen}, made {ago_text(delay_s)} before: it lags behind, or clocks differ"
            return Hop(HopName.BUS, HopState.WARNING, detail, START_WRITER)
        return Hop(HopName.BUS, HopState.OK, seen)
    if not facts.writers:
        detail = "no storage-writer is connected to the database: nothing leaves the bus"
        return Hop(HopName.BUS, HopState.BROKEN, detail, START_WRITER)
    if not facts.ingests:
        if looks.bus is not None:
            return _found(HopName.BUS, looks.bus)
        return Hop(HopName.BUS, HopState.UNKNOWN, "a storage-writer is connected; nothing came yet")
    if looks.listener is not None and looks.listener.is_whole:
        # Ingest was seen to be there, so its reports are lost on the way.
        return Hop(HopName.BUS, HopState.BROKEN, _silence(facts), START_WRITER)
    detail = f"a storage-writer is connected; {_silence(facts)}"
    return Hop(HopName.BUS, HopState.UNKNOWN, detail, LOOK_THERE)


def _newest(facts: Facts) -> Hop:
    late = [one for one in facts.nodes if _is_late(one, facts.now)]
    if late:
        one = late[0]
        detail = (
            f"{one.name}: accepted at {moment_text(one.last_accepted)}, stored up to"
            f" {moment_text(one.last_stored)}"
        )
        return Hop(HopName.NEWEST, HopState.BROKEN, detail, START_WRITER)
    if facts.newest_packet is None:
        return Hop(HopName.NEWEST, HopState.UNKNOWN, "nothing is stored yet", PASTE)
    call = (
        "no call yet"
        if facts.newest_call is None
        else f"newest call {moment_text(facts.newest_call)}"
    )
    detail = f"newest packet {moment_text(facts.newest_packet)}, {call}"
    return Hop(HopName.NEWEST, HopState.OK, detail)


def _is_late(node: NodeFacts, now: datetime) -> bool:
    """Whether a packet was accepted that is missing in the database longer than storing takes."""
    if node.kind != "node" or node.last_accepted is None:
        return False
    stored = node.last_stored
    return node.last_accepted < now - STORED_WITHIN and (
        stored is None or stored < node.last_accepted - STORED_WITHIN
    )
