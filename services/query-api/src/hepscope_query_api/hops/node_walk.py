"""Judges the way of one node: what is its own, beside the hops that all share."""

from datetime import timedelta
from typing import Final

from hepscope_query_api.hops.advice import BY_CHOICE, NOISE, advice, reasons_text
from hepscope_query_api.hops.facts import NodeFacts
from hepscope_query_api.hops.hop import Hop, HopName, HopState, NodeWalk
from hepscope_query_api.hops.words import moment_text

STORED_WITHIN: Final = timedelta(seconds=60)
"""A packet is stored within seconds, and its node noted some seconds later."""

START_WRITER: Final = "Start the service hepscope-storage-writer, and look at its log."


def node_walk(node: NodeFacts, listener: Hop, bus: Hop, database: Hop) -> NodeWalk:
    """Return the way of one node; bus and database are those of all."""
    is_told = bool(node.accepted or node.refused)
    heard = Hop(HopName.LISTENER, HopState.OK, "heard") if is_told else listener
    return NodeWalk(
        node.kind, node.name, [heard, _node_admission(node), bus, database, _node_newest(node)]
    )


def _node_admission(node: NodeFacts) -> Hop:
    name, text = HopName.ADMISSION, reasons_text(node.refused)
    if not node.accepted:
        if not node.refused:
            return Hop(name, HopState.UNKNOWN, "nothing came since ingest started")
        state = HopState.WARNING if node.refused.keys() <= NOISE else HopState.BROKEN
        detail = f"all that came is refused: {text}"
        return Hop(name, state, detail, advice(node.refused))
    if not node.refused:
        return Hop(name, HopState.OK, f"{node.accepted} accepted")
    detail = f"{node.accepted} accepted; refused: {text}"
    if node.refused.keys() <= BY_CHOICE:
        return Hop(name, HopState.OK, detail)
    state = HopState.WARNING if node.refused_per_s > 0 else HopState.HINT
    return Hop(name, state, detail, advice(node.refused))


def _node_newest(node: NodeFacts) -> Hop:
    name, stored, accepted = HopName.NEWEST, node.last_stored, node.last_accepted
    if stored is None:
        if node.accepted and node.kind == "node":
            return Hop(name, HopState.UNKNOWN, "accepted, and not yet noted as stored")
        return Hop(name, HopState.UNKNOWN, "nothing of it is stored")
    if accepted is not None and stored < accepted - STORED_WITHIN:
        detail = f"stored up to {moment_text(stored)}, accepted until {moment_text(accepted)}"
        return Hop(name, HopState.BROKEN, detail, START_WRITER)
    return Hop(name, HopState.OK, f"newest {moment_text(stored)}")
