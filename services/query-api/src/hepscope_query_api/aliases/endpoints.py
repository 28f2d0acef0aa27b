"""``/aliases``."""

from fastapi import APIRouter, Depends

from hepscope_common.names import NameEntry
from hepscope_query_api.context import Shared
from hepscope_query_api.query.parameters import NoQuery, strict
from hepscope_query_api.schemas import Page, Shape

router = APIRouter(tags=["aliases"])


class Alias(Shape):
    """A name of an address or network."""

    name: str
    address: str
    """An address, or a network with its prefix length."""
    port: int | None
    """The only port that is meant; null for any."""
    node: str | None
    """The only capture node that is meant; null for any."""


@router.get("/aliases", summary="List aliases", dependencies=[Depends(strict(NoQuery))])
async def list_aliases(shared: Shared) -> Page[Alias]:
    """The named addresses in force, all at once (10,000 at most).

    They are what flows call their hosts and metrics their targets. They come from the file
    `names.file` and the settings; a change of the file counts within seconds.
    """
    return Page[Alias](items=[_alias_of(entry) for entry in shared.names.entries], next_cursor=None)


def _alias_of(entry: NameEntry) -> Alias:
    network = entry.network
    is_one = network.prefixlen == network.max_prefixlen
    address = str(network.network_address) if is_one else str(network)
    return Alias(name=entry.name, address=address, port=entry.port, node=entry.node or None)
