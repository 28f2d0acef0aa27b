"""Message facts: what one SIP message says about its call.

Every message is counted and is a witness of the call's parties, by its rank: an initial request
(no To tag, neither ACK nor CANCEL) before any other request before a response. A final response
counts for its CSeq method alone. This runs once per message: positional arguments and no calls
that can be spared.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hepscope_common.calls.bounds import (
    AGENT_CHARS,
    METHOD_CHARS,
    REASON_CHARS,
    USER_CHARS,
    stored_call_id,
)
from hepscope_common.calls.facts import (
    FLAG_CHALLENGED,
    FLAG_EARLY_MEDIA,
    FLAG_FAULT,
    FLAG_INITIAL,
    FLAG_SDP,
    CallFacts,
)
from hepscope_common.calls.keys import (
    CHALLENGES,
    STATUS_MAX,
    OriginRank,
    address_checksum,
    final_key,
    origin_key,
)
from hepscope_common.calls.methods import method_bit

if TYPE_CHECKING:
    from hep.sip import SipMessage
    from hepscope_common.calls.envelope import Envelope

_NEVER_INITIAL: Final = frozenset({"ACK", "CANCEL"})
# Plain integers: an IntEnum member costs a slower shift for every message.
_INITIAL: Final = int(OriginRank.INITIAL_REQUEST)
_REQUEST: Final = int(OriginRank.REQUEST)
_RESPONSE: Final = int(OriginRank.RESPONSE)


def has_sdp(message: SipMessage) -> bool:
    """Tell whether a message carries SDP, alone or in a multipart body, without parsing it."""
    kind = message.content_type
    if not kind:
        return False
    if kind == "application/sdp":
        return bool(message.body)
    return kind.startswith("multipart/") and b"application/sdp" in message.body


def facts_of(message: SipMessage, envelope: Envelope) -> CallFacts:
    """Return what one message says about its call.

    The source and destination of a response are swapped, so that a record that begins with a
    response names the same parties. A start line that cannot be read counts as a message and
    says no more than its headers.
    """
    if message.method:
        return _request_facts(message, envelope)
    return _response_facts(message, envelope)


def _request_facts(message: SipMessage, envelope: Envelope) -> CallFacts:
    method = message.method[:METHOD_CHARS]
    time_us = envelope.time_us
    initial = not message.to_tag and method not in _NEVER_INITIAL
    source, source_port = envelope.source, envelope.source_port
    destination, destination_port = envelope.destination, envelope.destination_port
    checksum = address_checksum(
        source, source_port, destination, destination_port, message.cseq or 0
    )
    facts = CallFacts(
        stored_call_id(message.call_id),
        time_us,
        time_us,
        origin_key(_INITIAL if initial else _REQUEST, time_us, checksum),
        method,
        message.from_user[:USER_CHARS],
        message.from_domain[:USER_CHARS],
        message.to_user[:USER_CHARS],
        message.to_domain[:USER_CHARS],
        message.ruri_user[:USER_CHARS],
        message.ruri_domain[:USER_CHARS],
        source,
        source_port,
        destination,
        destination_port,
        message.user_agent[:AGENT_CHARS],
        1,
        0,
        envelope.size,
        FLAG_INITIAL if initial else 0,
        method_bit(method),
        (envelope.node,) if envelope.node else (),
    )
    if message.faults:
        facts.flags |= FLAG_FAULT
    if has_sdp(message):
        facts.flags |= FLAG_SDP
    if method == "INVITE":
        facts.invite_count = 1
        if initial:
            facts.invite_us = time_us
    elif method == "BYE":
        facts.bye_us = time_us
    elif method == "CANCEL":
        facts.cancelled_us = time_us
    return facts


def _response_facts(message: SipMessage, envelope: Envelope) -> CallFacts:
    method = message.cseq_method[:METHOD_CHARS]
    time_us = envelope.time_us
    source, source_port = envelope.source, envelope.source_port
    destination, destination_port = envelope.destination, envelope.destination_port
    if message.status:
        source, destination = destination, source
        source_port, destination_port = destination_port, source_port
    checksum = address_checksum(
        source, source_port, destination, destination_port, message.cseq or 0
    )
    facts = CallFacts(
        stored_call_id(message.call_id),
        time_us,
        time_us,
        origin_key(_RESPONSE, time_us, checksum),
        method,
        message.from_user[:USER_CHARS],
        message.from_domain[:USER_CHARS],
        message.to_user[:USER_CHARS],
        message.to_domain[:USER_CHARS],
        "",
        "",
        source,
        source_port,
        destination,
        destination_port,
        "",
        1,
        0,
        envelope.size,
        FLAG_FAULT if message.faults else 0,
        method_bit(method),
        (envelope.node,) if envelope.node else (),
    )
    sdp = has_sdp(message)
    if sdp:
        facts.flags |= FLAG_SDP
    if message.status >= 200:
        _add_final(facts, message, method, time_us)
    elif method == "INVITE" and message.status >= 180:
        _add_progress(facts, message.status, time_us, sdp=sdp)
    return facts


def _add_final(facts: CallFacts, message: SipMessage, method: str, time_us: int) -> None:
    status = message.status
    if not method or status > STATUS_MAX:
        return
    facts.finals[method] = (final_key(time_us, status), message.reason[:REASON_CHARS])
    if status in CHALLENGES:
        facts.flags |= FLAG_CHALLENGED
    elif status < 300 and method == "INVITE":
        facts.answered_us = time_us


def _add_progress(facts: CallFacts, status: int, time_us: int, *, sdp: bool) -> None:
    if sdp:
        facts.flags |= FLAG_EARLY_MEDIA
    if status < 190:
        facts.ringing_us = time_us
    if status == 180 or (status == 183 and sdp):
        facts.progress_us = time_us
