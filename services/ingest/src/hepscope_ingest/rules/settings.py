"""Settings of the rules: section ``[ingest.rules]``. Every rule is off until it is set."""

import ipaddress
from typing import Annotated, Self

from pydantic import BeforeValidator, Field, InstanceOf, model_validator

from hep.protocols import PROTOCOL_TYPES
from hepscope_common.rules.networks import Network
from hepscope_common.settings import CommaList, Section
from hepscope_ingest.rules.fields import FieldRule, parse_field_rule
from hepscope_ingest.rules.keys import NodeKey, parse_node_key

_TYPE_NUMBERS = {row.name: number for number, row in PROTOCOL_TYPES.items()}


def _parse_network(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        return ipaddress.ip_network(value)
    except ValueError as error:
        raise ValueError(f"expected an address or a network like 10.0.0.0/8: {error}") from None


def _parse_type(value: object) -> object:
    if not isinstance(value, str):
        return value
    number = _TYPE_NUMBERS.get(value.lower(), value)
    try:
        return int(number)
    except ValueError:
        raise ValueError(f"expected a number or one of {', '.join(_TYPE_NUMBERS)}") from None


def _parse_method(value: object) -> object:
    return value.upper() if isinstance(value, str) else value


Networks = CommaList[Annotated[Network, BeforeValidator(_parse_network)]]
Types = CommaList[Annotated[int, BeforeValidator(_parse_type), Field(ge=0, le=255)]]
Methods = CommaList[
    Annotated[str, BeforeValidator(_parse_method), Field(pattern=r"^[A-Z0-9.!%*_+`'~-]{1,32}$")]
]
NodeKeys = CommaList[Annotated[InstanceOf[NodeKey], BeforeValidator(parse_node_key)]]
FieldRules = CommaList[Annotated[InstanceOf[FieldRule], BeforeValidator(parse_field_rule)]]


class RuleSettings(Section):
    """What ingest refuses and what it masks, before anything is stored, sent or shown. A refused
    packet is counted by reason, peer and node, and is gone: no message, call or KPI knows it.
    """

    allowed_networks: Networks = ()
    """Networks (CIDR, IPv4 or IPv6) whose peers may send; empty allows all."""

    denied_networks: Networks = ()
    """Networks whose peers may not send, even where allowed_networks holds them."""

    node_keys: NodeKeys = ()
    """`node=key` pairs, the node by its name or number: such a node must send one of its keys
    (several while they are changed). Other nodes need one of `ingest.auth_keys`, if there are any.
    """

    node_rate_limit: int = Field(default=0, ge=0)
    """Packets a second that one node may send, in bursts of one second; 0 = no limit. Nodes
    beyond the 500 that are told apart share one allowance."""

    max_payload_bytes: int = Field(default=0, ge=0)
    """Longest payload taken, after inflating; 0 = whatever HEP carries."""

    allowed_types: Types = ()
    """Protocol types taken, by number or name (`sip`, `rtcp_json`, `log`, ...); empty takes all."""

    denied_types: Types = ()
    """Protocol types refused."""

    discard_methods: Methods = ()
    """SIP methods not taken (`OPTIONS,NOTIFY`): requests of the method, and by CSeq the answers to
    them. Counted as refused by reason `method`; call records, KPIs and the exporter do not see
    them."""

    discard_count: bool = False
    """Count discarded messages by method and kind (request, 1xx to 6xx) as well, in
    `hepscope_ingest_discarded_total`: keep-alives are then seen in metrics without being stored."""

    dedup_ms: int = Field(default=0, ge=0, le=10_000)
    """A payload between the same addresses and ports, captured within so many milliseconds of a
    former copy, is refused: several capture points or a mirror saw one message. Times are the
    packets' own. Stay below 400: from 500 on SIP repeats on purpose. 0 = off."""

    drop: FieldRules = ()
    """Rules `field=pattern`; a packet that one of them matches is refused. Fields of SIP: method
    (that of CSeq), call_id, from_user, from_domain, to_user, to_domain, ruri_user, ruri_domain,
    user_agent; of any packet: node (a pattern), source, destination, peer (a network). Patterns
    are regular expressions, found anywhere in the first 128 characters, blind to case; no group
    may be repeated. Those with a comma need the file."""

    keep: FieldRules = ()
    """Rules like those of `drop`; with some, a packet must match at least one that applies to it.
    Rules on SIP fields do not apply to other types."""

    mask_bodies: Methods = ()
    """SIP methods (by start line or CSeq) whose bodies are overwritten by `x`: `MESSAGE` hides
    text messages. All masks keep every length. They reach SIP payloads, not log lines or JSON.
    With any mask, what cannot be decoded is kept as a dead letter without its content."""

    mask_dtmf: bool = False
    """Overwrite digits dialled in bodies: application/dtmf-relay, application/dtmf,
    audio/telephone-event, KPML and the like."""

    mask_sdes_keys: bool = False
    """Overwrite media keys in bodies: a=crypto inline keys, a=key-mgmt, a=ice-pwd and k= lines."""

    mask_credentials: bool = False
    """Overwrite credentials in Authorization, Proxy-Authorization and Authentication-Info; realm,
    uri, algorithm, qop, nc and username stay."""

    mask_credential_usernames: bool = False
    """Overwrite the username in credentials too; needs mask_credentials."""

    mask_numbers: bool = False
    """Overwrite digits of numbers: users of URIs, display names, and the same numbers elsewhere in
    the message. Call-IDs, tags and branches stay, since calls are told by them: where an agent
    writes numbers into those, they remain."""

    mask_numbers_first: int = Field(default=3, ge=0, le=32)
    """Digits kept at the start of a number."""

    mask_numbers_last: int = Field(default=2, ge=0, le=32)
    """Digits kept at its end. Of a number that would keep all its digits none is kept."""

    mask_numbers_from: int = Field(default=5, ge=1, le=32)
    """Digits from which on it is a number; what has fewer (extensions, 112) stays as it is."""

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.mask_credential_usernames and not self.mask_credentials:
            raise ValueError("mask_credential_usernames needs mask_credentials")
        return self
