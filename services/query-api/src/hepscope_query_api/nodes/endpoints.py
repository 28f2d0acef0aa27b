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
    "kind": "node, address or other.",
    "name": "Name; of an address, the address.",
    "node_id": "HEP capture agent id.",
    "first_seen": "First packet, exactly.",
    "last_seen": "Last packet, exactly.",
    "last_refused": "Last refusal, exactly.",
    "hep_version": "HEP version of the newest packet.",
    "packet_count": "Packets.",
    "refusals": "A reason for which something was refused: `auth_key`, or `*` for any.",
    "hep_versions": "A HEP version that came.",
    "quirks": "A tolerated deviation that occurred.",
    "instances": "An ingest that reports it.",
}


@filtered_by(DESCRIBED_FILTERS)
class NodeQuery(ListQuery):
    """Parameters of the list of nodes."""


@router.get("/nodes", summary="List nodes", dependencies=[Depends(strict(NodeQuery))])
async def list_nodes(
    request: Request, query: Annotated[NodeQuery, Parameters()], shared: Shared
) -> Page[Node]:
    """All nodes that ever sent something, by their last packet, and addresses of refused ones.

    `start` and `end` choose by the last packet; without them a node that fell silent is listed
    too, since that is what one looks for. Rates, refusals, clock skew and deviations are what the
    ingests report that live at present, every ten seconds by default.
    """
    place = place_of(request.url.path, query, KEY_SHAPE, lambda: whole(query))
    repository = NodeRepository(shared.database.session())
    rows, key = await repository.page(
        place.period,
        given_filters(query, DESCRIBED_FILTERS),
        order=query.order,
        limit=query.limit,
        after=place.after,
    )
    reports = await repository.reports([(row["kind"], row["name"]) for row in rows])
    items = [node_of(row, reports[row["kind"], row["name"]]) for row in rows]
    return Page[Node](items=items, next_cursor=place.cursor(key))
