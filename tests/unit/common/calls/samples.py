"""Messages of calls, made for tests: (message, envelope) pairs of a few fixed parties."""

from collections.abc import Iterable, Sequence
from ipaddress import ip_address

from hypothesis import strategies as st

from hep.sip import SipMessage
from hepscope_common.calls import CallFacts, Envelope, FlowMessage, facts_of, flow_message

START_US = 1_795_423_618_000_000
SECOND_US = 1_000_000

Party = tuple[str, int]
Seen = tuple[SipMessage, Envelope]

ALICE: Party = ("192.0.2.1", 5070)
PROXY: Party = ("192.0.2.2", 5060)
BOB: Party = ("192.0.2.3", 5080)


def make_envelope(
    at_s: float, source: Party, destination: Party, node: str = "n1", transport: str = "udp"
) -> Envelope:
    """Return an envelope ``at_s`` seconds after START_US."""
    return Envelope(
        time_us=START_US + round(at_s * SECOND_US),
        source=ip_address(source[0]).packed if source[0] else b"",
        source_port=source[1],
        destination=ip_address(destination[0]).packed if destination[0] else b"",
        destination_port=destination[1],
        transport=transport,
        node=node,
        size=100,
    )


def make_request(
    method: str,
    at_s: float = 0.0,
    *,
    source: Party = ALICE,
    destination: Party = PROXY,
    call_id: str = "call-1",
    cseq: int = 1,
    branch: str = "z9hG4bK-1",
    from_tag: str = "a",
    to_tag: str = "",
    uri: str = "sip:bob@example.com",
    vias: int = 1,
    node: str = "n1",
    transport: str = "udp",
    sdp: bool = False,
    expires: int | None = None,
) -> Seen:
    """Return a request from alice to bob."""
    message = SipMessage(
        method=method,
        request_uri=uri,
        version="SIP/2.0",
        call_id=call_id,
        cseq=cseq,
        cseq_method=method,
        from_user="alice",
        from_domain="example.com",
        from_tag=from_tag,
        to_user="bob",
        to_domain="example.com",
        to_tag=to_tag,
        ruri_user="bob",
        ruri_domain="example.com",
        via_branch=branch,
        via_count=vias,
        user_agent="phone",
        contact="<sip:alice@192.0.2.1:5070>",
        expires=expires,
        content_type="application/sdp" if sdp else "",
        body=b"v=0\r\n" if sdp else b"",
    )
    return message, make_envelope(at_s, source, destination, node, transport)


def make_response(
    status: int,
    at_s: float = 0.0,
    *,
    method: str = "INVITE",
    reason: str = "",
    source: Party = PROXY,
    destination: Party = ALICE,
    call_id: str = "call-1",
    cseq: int = 1,
    branch: str = "z9hG4bK-1",
    from_tag: str = "a",
    to_tag: str = "b",
    vias: int = 1,
    node: str = "n1",
    transport: str = "udp",
    sdp: bool = False,
    expires: int | None = None,
) -> Seen:
    """Return a response to a request of alice's."""
    message = SipMessage(
        status=status,
        reason=reason or f"Reason {status}",
        version="SIP/2.0",
        call_id=call_id,
        cseq=cseq,
        cseq_method=method,
        from_user="alice",
        from_domain="example.com",
        from_tag=from_tag,
        to_user="bob",
        to_domain="example.com",
        to_tag=to_tag,
        via_branch=branch,
        via_count=vias,
        user_agent="server",
        expires=expires,
        content_type="application/sdp" if sdp else "",
        body=b"v=0\r\n" if sdp else b"",
    )
    return message, make_envelope(at_s, source, destination, node, transport)


def record_of(seen: Iterable[Seen]) -> CallFacts:
    """Return the merged facts of messages, in the order given."""
    first, *rest = [facts_of(message, envelope) for message, envelope in seen]
    for facts in rest:
        first.merge(facts)
    return first


def flow_messages(seen: Sequence[Seen]) -> list[FlowMessage]:
    """Return messages as flow messages, ids by position."""
    return [flow_message(str(at), message, envelope) for at, (message, envelope) in enumerate(seen)]


def answered_call() -> list[Seen]:
    """Return a call that rings for a second, is answered, and talks for a minute."""
    return [
        make_request("INVITE", 0.0, sdp=True),
        make_response(100, 0.02, to_tag=""),
        make_response(180, 1.35),
        make_response(200, 5.0, sdp=True),
        make_request("ACK", 5.1, to_tag="b", branch="z9hG4bK-2"),
        make_request("BYE", 65.4, to_tag="b", branch="z9hG4bK-3", cseq=2),
        make_response(200, 65.5, method="BYE", branch="z9hG4bK-3", cseq=2),
    ]


_parties = st.sampled_from([ALICE, PROXY, BOB, ("127.0.0.1", 5060), ("127.0.0.1", 5160), ("", 0)])
_methods = st.sampled_from(
    ["INVITE", "ACK", "BYE", "CANCEL", "OPTIONS", "REGISTER", "SUBSCRIBE", "KDMQ"]
)
_statuses = st.sampled_from(
    [100, 180, 183, 199, 200, 202, 302, 401, 404, 407, 408, 486, 487, 503, 603, 700, 4294]
)
_times = st.one_of(st.integers(0, 5).map(float), st.floats(0, 100_000, allow_nan=False))
_tags = st.sampled_from(["", "a", "b", "c"])
_nodes = st.sampled_from(["", *(f"n{number:02d}" for number in range(20))])


@st.composite
def any_message(draw: st.DrawFn) -> Seen:
    """Draw any message of one Call-ID; ties in time and absurd contents included."""
    method = draw(_methods)
    source, destination = draw(_parties), draw(_parties)
    cseq, branch = draw(st.integers(1, 3)), draw(st.sampled_from(["", "z1", "z2"]))
    from_tag, to_tag = draw(_tags), draw(_tags)
    at_s, node, sdp = draw(_times), draw(_nodes), draw(st.booleans())
    expires = draw(st.sampled_from([None, 0, 60, 3600]))
    transport = draw(st.sampled_from(["udp", "tcp"]))
    if draw(st.booleans()):
        return make_request(
            method,
            at_s,
            source=source,
            destination=destination,
            cseq=cseq,
            branch=branch,
            from_tag=from_tag,
            to_tag=to_tag,
            node=node,
            sdp=sdp,
            expires=expires,
            transport=transport,
        )
    return make_response(
        draw(_statuses),
        at_s,
        method=method,
        reason=draw(st.sampled_from(["", "Nope", "Gone"])),
        source=source,
        destination=destination,
        cseq=cseq,
        branch=branch,
        from_tag=from_tag,
        to_tag=to_tag,
        node=node,
        sdp=sdp,
        expires=expires,
        transport=transport,
    )


any_call = st.lists(any_message(), min_size=1, max_size=12)
