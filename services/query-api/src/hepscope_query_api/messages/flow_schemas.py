"""The shape of a flow."""

from typing import Literal

from pydantic import ConfigDict, Field

from hepscope_common.calls.flow import ArrowKind
from hepscope_common.calls.outcome import CallOutcome
from hepscope_query_api.schemas import Shape, Time


class Leg(Shape):
    """A call of the ladder."""

    leg: str
    """`A`, `B`, ... in order of start."""
    call_id: str
    started_at: Time | None
    """First message; null where nothing of the call lies between `start` and `end`."""
    from_user: str | None
    to_user: str | None
    outcome: CallOutcome | None
    """How it went; null where only messages are left of it."""


class Host(Shape):
    """A column of the ladder."""

    id: str
    address: str
    port: int | None
    label: str
    """Its alias, where it has one; else its address."""
    is_named: bool
    """Whether the label is an alias."""
    node: list[str]
    """Nodes that captured there, as far as their messages tell; may be empty."""


class Sighting(Shape):
    """A message as one node saw it."""

    message_id: str
    """`id` of the message."""
    node: str | None
    time: Time
    """By the clock of that node."""


class SdpMedia(Shape):
    """A stream of a session description: an m= line."""

    kind: str
    """audio, video, image, application, ..."""
    port: int
    """0 where it is refused or ended."""
    address: str
    """Where media is to be sent to; of `0.0.0.0`, held."""
    codecs: list[str]
    """Names by rtpmap or static payload type, in order of preference; at most 16."""
    has_telephone_event: bool
    """Whether digits are sent as RTP events (RFC 4733)."""
    direction: str
    """sendrecv, sendonly, recvonly or inactive, seen from the sender of the description."""
    is_held: bool
    """Whether the sender of the description stops receiving."""


class Sdp(Shape):
    """A session description in a message."""

    role: Literal["offer", "answer"] | None
    """By RFC 3264 in its transaction; null where it is neither, or that cannot be told."""
    media: list[SdpMedia]


class Arrow(Shape):
    """A message from one host to another."""

    model_config = ConfigDict(validate_by_name=True, serialize_by_alias=True)

    message_id: str
    """`id` of the message; of a folded one, of the copy that is shown."""
    leg: str
    call_id: str
    time: Time
    """When it was captured, by the clock of the node that did."""
    from_: str = Field(alias="from")
    """`id` of a host."""
    to: str
    """`id` of a host."""
    from_port: int | None
    to_port: int | None
    label: str
    """Method, or code and reason phrase."""
    kind: ArrowKind
    method: str | None
    """Of a request."""
    status: int | None
    """Of a response."""
    cseq: str | None
    """Number and method, as `1 INVITE`."""
    transport: str | None
    """udp, tcp, tls, sctp, ws or wss."""
    branch: str | None
    """Of the topmost Via."""
    from_tag: str | None
    to_tag: str | None
    user_agent: str | None
    """User-Agent; Server of a response."""
    nodes: list[str]
    """Nodes that saw it."""
    copies: list[Sighting]
    """All sightings of it, where several nodes saw it; else empty."""
    retransmission: bool
    """Whether it was sent before."""
    resend: int
    """0 = sent for the first time, n = nth resend."""
    sdp: Sdp | None
    """Null where it has no session description that can be read."""
    reason_header: str | None
    """Reason header (RFC 3326): protocol, cause and text."""
    skew_ms: float
    """Added to its time to find its place, because its node's clock is ahead or behind."""
    early_ms: float | None
    """Of a response stamped before its request: by how much."""


class NodeSkew(Shape):
    """A node whose clock differs from those of the others."""

    node: str
    skew_ms: float
    """How far its clock is ahead, by the messages that several nodes saw."""


class FlowView(Shape):
    """Calls as a ladder."""

    legs: list[Leg]
    """The calls, in order of start."""
    hosts: list[Host]
    """In the order in which they first take part."""
    arrows: list[Arrow]
    """In the order of events: packet time, skews between nodes undone."""
    skews: list[NodeSkew]
    """Where a message of two nodes tells of more than a millisecond."""
    truncated: bool
    """Whether there are more messages than a flow holds; `start` continues after the last."""
