"""Refusals of the media codecs: RTP, RTCP and quality reports share one error type.

The reason is a metric label and what tests assert, so it never holds text from the wire. A value
that makes no sense inside a sound report is no error: its field is None.
"""

from enum import StrEnum


class Reason(StrEnum):
    """Why bytes or a text were refused."""

    EMPTY = "empty"
    TRUNCATED = "truncated"
    BAD_VERSION = "bad_version"
    BAD_LENGTH = "bad_length"
    BAD_PADDING = "bad_padding"
    NOT_RTP = "not_rtp"
    NOT_RTCP = "not_rtcp"
    TOO_MANY = "too_many"
    TOO_LARGE = "too_large"
    TOO_DEEP = "too_deep"
    BAD_JSON = "bad_json"
    BAD_SHAPE = "bad_shape"


MEANINGS = {
    Reason.EMPTY: "no bytes at all",
    Reason.TRUNCATED: "ends inside a fixed part",
    Reason.BAD_VERSION: "the version is not 2; encrypted bytes mostly end here",
    Reason.BAD_LENGTH: "a length points past the end, or is too small for what must be there",
    Reason.BAD_PADDING: "the padding is longer than what it pads, or no multiple of four",
    Reason.NOT_RTP: "the second byte says RTCP (RFC 5761)",
    Reason.NOT_RTCP: "the second byte says RTP (RFC 5761)",
    Reason.TOO_MANY: "more packets or reports than one payload has in earnest",
    Reason.TOO_LARGE: "a payload over the bound",
    Reason.TOO_DEEP: "JSON nested deeper than any report",
    Reason.BAD_JSON: "no JSON, or cut",
    Reason.BAD_SHAPE: "JSON or text that is no report of its kind",
}


class MediaError(ValueError):
    """Bytes were refused; offset is where: a byte of binary data, a character of text."""

    def __init__(self, reason: Reason, offset: int) -> None:
        super().__init__(f"{reason} at {offset}")
        self.reason = reason
        self.offset = offset
