"""``/nodes``."""

from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi import Query as Parameters

from hepscope_query_api.context import Shared
from hepscope_query_api.nodes.repository import KEY_SHAPE, NodeRepository
from hepscope_query_api.nodes.schemas import Node, node_of
from hepscope_query_api.query.parameters import (
    ListQuery,
    filtered_by,
    given_filters,
    strict,
)
from hepscope_query_api.query.period import whole
from hepscope_query_api.query.place import place_of
from hepscope_query_api.schemas import Page

router = APIRouter(tags=["nodes"])

DESCRIBED_FILTERS: Mapping[str, str] = {
    "name": "Name.",
    "node_id": "HEP capture agent id.",
    "first_seen": "First packet, exactly.",
    "last_seen": "Last packet, exactly.",
    "hep_version": "HEP version.",
    "packet_count": "Packets.",
}


@filtered_by(DESCRIBED_FILTERS)
class NodeQuery(ListQuery):
    """Parameters of the list of nodes."""


@router.get("/nodes", summary="List nodes", dependencies=[Depends(strict(NodeQuery))])
async def list_nodes(
    request: Request, query: Annotated[NodeQuery, Parameters()], shared: Shared
) -> Page[Node]:
    """All nodes that ever sent something, by their last packet.

    `start` and `end` choose by the last packet; without them a node that fell silent is listed
    too, since that is what one looks for.
    """
    place = place_of(request.url.path, query, KEY_SHAPE, lambda: whole(query))
    rows, key = await NodeRepository(shared.database.session()).page(
        place.period,
        given_filters(query, DESCRIBED_FILTERS),
        order=query.order,
        limit=query.limit,
        after=place.after,
    )
    return Page[Node](items=[node_of(row) for row in rows], next_cursor=place.cursor(key))
