"""Tables of messages, brought to one set of columns.

SIP lies in ``sip``, every other type in ``packet``; rows that no partition would take lie
beside them in ``sip_stray`` and ``packet_stray``. Every read covers both.
"""

from hepscope_common.calls.keys import EPOCH_2000_US, TIME_MAX
from hepscope_query_api.messages.identity import Root
from hepscope_query_api.timestamps import from_us

SIP = 1
"""HEP protocol type of SIP."""

_CLOCK = (
    f"case when capture_time between '{from_us(EPOCH_2000_US):%Y-%m-%d %H:%M:%S}+00' "
    f"and '{from_us(EPOCH_2000_US + TIME_MAX):%Y-%m-%d %H:%M:%S}+00' "
    "then capture_time else time end"
)
"""The packet's own time, unless that is absurd: what orders and measures."""

_ENVELOPE = (
    "time, received_at, capture_time, id, source_port, destination_port, node_id, class, "
    "protocol_type, source, destination, call_id, correlation_id, node"
)
_SIP_ONLY = {
    "cseq": "bigint",
    "status": "smallint",
    "method": "text",
    "cseq_method": "text",
    "reason": "text",
    "ruri_user": "text",
    "ruri_domain": "text",
    "from_user": "text",
    "from_domain": "text",
    "from_tag": "text",
    "to_user": "text",
    "to_domain": "text",
    "to_tag": "text",
    "user_agent": "text",
    "via_branch": "text",
    "fault": "text",
}
TRANSPORTS = (None, "udp", "tcp", "tls", "sctp", "ws", "wss")
"""By the code in column ``transport``."""

IP_PROTOCOLS = {17: "udp", 6: "tcp", 132: "sctp", 22: "tls", 50: "ws"}
"""What is not SIP says its transport in HEP chunk 2 only."""

_PACKET_TRANSPORT = (
    "case ip_protocol "
    + " ".join(f"when {n} then {TRANSPORTS.index(name)}" for n, name in IP_PROTOCOLS.items())
    + " else 0 end::smallint as transport"
)
WHOLE_PAYLOAD = "case when payload_codec = 0 then payload end"
"""Another codec is one that SQL cannot read."""

_NO_BODY = r"'\x0d0a0d0a'::bytea"
_REASONS = [f"'\\x0a{name.encode().hex()}'::bytea" for name in ("Reason", "REASON", "reason")]
TELLING_PAYLOAD = (
    f"case when payload_codec = 0 and (substr(payload, octet_length(payload) - 3) <> {_NO_BODY} or "
    + " or ".join(f"position({name} in payload) > 0" for name in _REASONS)
    + ") then payload end"
)
"""Only of what has a body, or a Reason header as everybody spells it: most messages have
neither, and the columns tell all there is to them."""

_NAMES = {Root.SIP: "sip", Root.PACKET: "packet"}


def tables_of(root: Root, *, payload: bool, body: str = WHOLE_PAYLOAD) -> list[str]:
    """Return the SQL of a root's tables, each as a source of the same columns.

    ``body`` is the SQL of the payload, null without ``payload``.
    """
    columns = columns_of(root, payload=payload, body=body)
    name = _NAMES[root]
    return [f"(select {columns} from hepscope.{table}) m" for table in (name, f"{name}_stray")]


def columns_of(root: Root, *, payload: bool, body: str = WHOLE_PAYLOAD) -> str:
    """Return the SQL of the columns, to select from any of a root's tables."""
    if root is Root.SIP:
        special = ", ".join([*_SIP_ONLY, "transport"])
    else:
        nulls = [f"null::{kind} as {name}" for name, kind in _SIP_ONLY.items()]
        special = ", ".join([*nulls, _PACKET_TRANSPORT])
    shown = body if payload else "null::bytea"
    return f"{int(root)} as root, {_ENVELOPE}, {special}, {_CLOCK} as clock, {shown} as payload"
