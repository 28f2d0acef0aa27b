"""``/nodes``."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi import Query as Parameters

from hepscope_query_api.context import Shared
from hepscope_query_api.nodes.repository import FILTERS, KEY_SHAPE, NodeRepository
from hepscope_query_api.nodes.schemas import Node, node_of
from hepscope_query_api.query.parameters import (
    ListQuery,
    filter_parameter,
    given_filters,
    strict,
)
from hepscope_query_api.query.period import whole
from hepscope_query_api.query.place import place_of
from hepscope_query_api.schemas import Page

router = APIRouter(tags=["nodes"])


class NodeQuery(ListQuery):
    """Parameters of the list of nodes."""

    name: list[str] = filter_parameter("Name.")
    node_id: list[str] = filter_parameter("HEP capture agent id.")
    first_seen: list[str] = filter_parameter("First packet, exactly.")
    last_seen: list[str] = filter_parameter("Last packet, exactly.")
    hep_version: list[str] = filter_parameter("HEP version.")
    packet_count: list[str] = filter_parameter("Packets.")


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
        given_filters(query, list(FILTERS)),
        order=query.order,
        limit=query.limit,
        after=place.after,
    )
    return Page[Node](items=[node_of(row) for row in rows], next_cursor=place.cursor(key))
