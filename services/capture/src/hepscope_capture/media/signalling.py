"""What a SIP message says of its call's media, by a quick look: nearly all say nothing.

A description offers addresses. A 2xx to INVITE makes a dialog, BYE ends one, a failed INVITE ends
a call that has none (RFC 3261 sections 12 and 15).
"""

import re
from enum import IntEnum
from typing import NamedTuple

from hep.sip import find_call_id, parse, sdp_of
from hepscope_capture.decode.datagrams import Datagram
from hepscope_capture.media.offers import Offer, read_offer

# Longer ones are cut: a key in memory, and HEP's chunk.
MAX_CALL_ID = 512
MAX_TAG = 128

_NOTHING = Offer()
_INVITE_CSEQ = re.compile(rb"\ncseq[ \t]*:[ \t]*\d+[ \t]+INVITE[ \t]*[\r\n]", re.IGNORECASE)
_TAGS = re.compile(
    rb"\n(?:from|f|to|t)[ \t]*:[^\n]*;[ \t]*tag[ \t]*=[ \t]*([^;,>\s]{1,%d})" % MAX_TAG,
    re.IGNORECASE,
)


# As most messages without a body end; told sooner than that there is no description in them.
WITHOUT_BODY = (b"\r\nContent-Length: 0\r\n\r\n", b"\r\nl: 0\r\n\r\n")


class Step(IntEnum):
    """What happened to a call."""

    TOLD = 0
    """It told of media, or was heard of."""
    CONFIRMED = 1
    """The same, and a dialog of it was confirmed."""
    BYE = 2
    FAILED = 3
    """A final response that is no success came to an INVITE."""


class CallNews(NamedTuple):
    """What a message says of a call; dialog is its two tags in order, empty when not told."""

    call_id: bytes
    time_us: int
    step: Step
    dialog: bytes = b""
    offer: Offer = _NOTHING


def may_concern_media(payload: bytes) -> bool:
    """Tell at little cost whether it may be worth to read a SIP message."""
    if payload[:4] == b"SIP/":
        # A 1xx changes nothing but by its description.
        if payload[8:9] != b"1" and names_invite(payload):
            return True
    elif payload[:4] == b"BYE " or payload[:1] in (b"\r", b"\n"):
        return True
    return not payload.endswith(WITHOUT_BODY) and b"\nm=" in payload


def names_invite(payload: bytes) -> bool:
    """Tell whether a response may answer an INVITE: in lists of methods a comma follows it."""
    at = payload.find(b"INVITE")
    while at >= 0 and payload[at + 6 : at + 7] == b",":
        at = payload.find(b"INVITE", at + 7)
    return at >= 0


def read_signalling(message: Datagram) -> CallNews | None:
    """Return what a SIP message says of its call's media, None when nothing; never raises."""
    payload = message.payload
    if payload[:1] in (b"\r", b"\n"):
        payload = payload.lstrip(b"\r\n")
    step = Step.TOLD
    is_request = payload[:4] != b"SIP/"
    if is_request:
        if payload.startswith(b"BYE "):
            step = Step.BYE
    else:
        status = payload[8:9]
        if status == b"2" and _answers_invite(payload):
            step = Step.CONFIRMED
        elif status >= b"3":
            if not _answers_invite(payload):
                return None
            step = Step.FAILED
    offer = _NOTHING
    if step < Step.BYE:
        if b"\nm=" in payload:
            offer = _offer_of(message.source, payload, is_request=is_request)
        if step is Step.TOLD and offer is _NOTHING:
            return None
    call_id = find_call_id(payload)[:MAX_CALL_ID]
    if not call_id:
        return None
    dialog = _dialog_of(payload) if step in (Step.CONFIRMED, Step.BYE) else b""
    return CallNews(call_id, message.time_us, step, dialog, offer)


def _answers_invite(payload: bytes) -> bool:
    # The plain search is much the faster, and most responses fail it.
    return b"INVITE" in payload and _INVITE_CSEQ.search(payload) is not None


def _offer_of(source: bytes, payload: bytes, *, is_request: bool) -> Offer:
    body = _body_of(payload)
    if not body:
        return _NOTHING
    # A request with two Vias comes from a proxy, whose address says nothing of its author's.
    is_forwarded = is_request and payload.count(b"\nVia:") + payload.count(b"\nv:") > 1
    offer = read_offer(body, None if is_forwarded else source)
    return offer if offer.claims or offer.ssrcs else _NOTHING


def _body_of(payload: bytes) -> bytes:
    """Return the session description in a message, b"" without one."""
    end = payload.find(b"\r\n\r\n")
    body = payload[end + 4 :] if end >= 0 else b""
    if body.startswith(b"v=0"):
        return body
    # Several parts, bare line feeds, blanks before the first line: rare enough for the parser.
    return sdp_of(parse(payload)) or b""


def _dialog_of(payload: bytes) -> bytes:
    end = payload.find(b"\r\n\r\n")
    tags = _TAGS.findall(payload, 0, end if end >= 0 else len(payload))
    return b"\0".join(sorted(tags)) if len(tags) == 2 else b""
