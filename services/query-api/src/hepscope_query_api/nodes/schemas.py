"""The shape of a node."""

import asyncpg

from hepscope_query_api.schemas import Shape, Time
from hepscope_query_api.timestamps import format_time


class Node(Shape):
    """An agent that captured something."""

    name: str
    """HEP chunk 19, else its id."""
    node_id: int | None
    """HEP chunk 12, of its newest packet."""
    first_seen: Time
    last_seen: Time
    hep_version: int | None
    """HEP version of its newest packet."""
    packet_count: int
    """Packets of all types; may lag by seconds."""


def node_of(row: asyncpg.Record) -> Node:
    """Return the item of a row."""
    return Node(
        name=row["name"],
        node_id=row["node_id"],
        first_seen=format_time(row["first_seen"]),
        last_seen=format_time(row["last_seen"]),
        hep_version=row["hep_version"],
        packet_count=row["packet_count"],
    )
