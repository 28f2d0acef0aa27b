"""Refusals of the HEP codec: one error type each way, with a closed set of reasons.

The reason is the label of the counter, the header of the dead letter and what tests assert,
so it never holds text from the wire. What merely deviates is no error but a Quirk.
"""

from enum import StrEnum


class Reason(StrEnum):
    """Why bytes were refused, or a packet could not be encoded."""

    EMPTY = "empty"
    NOT_HEP = "not_hep"
    RAW_SIP = "raw_sip"
    PROTOBUF = "protobuf"
    TRUNCATED = "truncated"
    BAD_LENGTH = "bad_length"
    BAD_FAMILY = "bad_family"
    BAD_VALUE = "bad_value"
    INFLATE = "inflate"
    TOO_LARGE = "too_large"
    AUTH_KEY = "auth_key"


MEANINGS = {
    Reason.EMPTY: "no bytes at all",
    Reason.NOT_HEP: "starts with no known HEP version; on a stream: no magic within 64 KiB",
    Reason.RAW_SIP: "plain SIP text, without HEP around it",
    Reason.PROTOBUF: "the protobuf form of some agents, which is not HEP",
    Reason.TRUNCATED: "ends inside the fixed head",
    Reason.BAD_LENGTH: "the total length is smaller than the head itself",
    Reason.BAD_FAMILY: "HEP 1 or 2 whose address family and header length are both unknown",
    Reason.BAD_VALUE: "a value does not fit its field (encoding only)",
    Reason.INFLATE: "compressed bytes that are no gzip, zlib or deflate stream",
    Reason.TOO_LARGE: "over 65,535 bytes even when compressed, or over the bound when inflated",
    Reason.AUTH_KEY: "keys are demanded and the packet carries none of them (admission only)",
}


class DecodeError(ValueError):
    """Bytes were refused; offset is the byte, from their start, that decided it."""

    def __init__(self, reason: Reason, offset: int) -> None:
        super().__init__(f"{reason} at byte {offset}")
        self.reason = reason
        self.offset = offset


class EncodeError(ValueError):
    """A packet has no form on the wire; field names the part of it that decided."""

    def __init__(self, reason: Reason, field: str) -> None:
        super().__init__(f"{reason}: {field}")
        self.reason = reason
        self.field = field
