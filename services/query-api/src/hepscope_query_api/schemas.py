"""Shapes that several nouns share: a page of a list, an endpoint of the network, a time."""

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Interface, IPv6Address, IPv6Interface
from typing import Annotated, Generic, TypeAlias, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from hepscope_common.names import Names

Item = TypeVar("Item")

Time = Annotated[
    str,
    Field(
        json_schema_extra={"format": "date-time"},
        examples=["2026-01-31T12:00:00.000000Z"],
    ),
]
"""RFC 3339, UTC, microseconds: see timestamps."""

InetColumn: TypeAlias = IPv4Address | IPv6Address | IPv4Interface | IPv6Interface | None


class Shape(BaseModel):
    """Base of what the API answers."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)


class Endpoint(Shape):
    """An address and port of the network."""

    ip: str
    """IPv4 or IPv6 address."""
    port: int
    """Port, 0 where the agent did not say."""
    name: str | None
    """What the named addresses call it; null where it has no name."""


class Page(Shape, Generic[Item]):
    """A page of a list."""

    items: list[Item]
    """In the order asked for."""
    next_cursor: str | None
    """`cursor` of the next page; null on the last."""


def endpoint_of(
    address: InetColumn, port: int | None, names: Names, node: str | None
) -> Endpoint | None:
    """Return the endpoint of an inet column and its port, as a node sees it.

    None when the address is not known.
    """
    return named(address_text(address), port or 0, names, node) if address else None


def only(nodes: Sequence[str]) -> str:
    """Return the node that all was captured by; "" where there are several, or none is known."""
    return nodes[0] if len(nodes) == 1 else ""


def named(ip: str, port: int, names: Names, node: str | None = None) -> Endpoint:
    """Return an endpoint with its name; where no node is given, a name that any node gives it."""
    return Endpoint(ip=ip, port=port, name=names.lookup(ip, port, node or ""))


def address_text(address: InetColumn) -> str:
    """Return an inet column as text; "" when it is null."""
    if address is None:
        return ""
    return str(getattr(address, "ip", address))


def text_or_none(value: str | None) -> str | None:
    """Return None for the empty text, which stands for "had none" in call logic."""
    return value or None


def packed(address: InetColumn) -> bytes:
    """Return an inet column as 4 or 16 bytes; b"" when it is null."""
    if address is None:
        return b""
    octets: bytes = getattr(address, "ip", address).packed
    return octets
