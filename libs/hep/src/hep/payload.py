"""Payloads as agents wrap them: compressed, inside JSON, padded, or of an unsaid type.

Everything here takes and gives bytes. Inflation is bounded, because 64 kB of zlib can hold
64 MB, and whoever sends a kilobyte must not make us handle a megabyte: the bound is four times
what a packet can carry uncompressed, and no message in the field comes near it.
"""

import json
import re
import zlib

from hep.errors import DecodeError, Reason
from hep.protocols import RTCP_JSON, RTP_REPORT, SIP
from hep.sip import looks_like_sip

MAX_INFLATED_BYTES = 256 * 1024

_GZIP_MAGIC = b"\x1f\x8b"
_GZIP, _ZLIB, _RAW = 16 + zlib.MAX_WBITS, zlib.MAX_WBITS, -zlib.MAX_WBITS

_CONTENT_LENGTH = re.compile(
    rb"\n(?:content-length|l)[ \t]*:[ \t]*([0-9]{1,9})[ \t\r]*\n", re.IGNORECASE
)
_RTCP_KEYS = re.compile(rb'"(?:sender_information|report_blocks|sdes_information)"')
_REPORT_KEYS = re.compile(rb'"(?:RTP_SIP_CALL_ID|CORRELATION_ID)"')


def is_gzip(value: bytes) -> bool:
    """Whether the bytes start a gzip stream."""
    return value.startswith(_GZIP_MAGIC)


def inflate(value: bytes, limit: int = MAX_INFLATED_BYTES) -> bytes:
    """The bytes inside a gzip, zlib or raw deflate stream; of a cut stream, what it gives.

    Raises DecodeError INFLATE, or TOO_LARGE above limit bytes; offset is 0.
    """
    for window in _windows(value):
        stream = zlib.decompressobj(window)
        try:
            inflated = stream.decompress(value, limit + 1)
        except zlib.error:
            continue
        if len(inflated) > limit:
            raise DecodeError(Reason.TOO_LARGE, 0)
        if inflated or stream.eof:
            return inflated
    raise DecodeError(Reason.INFLATE, 0)


def _windows(value: bytes) -> tuple[int, ...]:
    if is_gzip(value):
        return (_GZIP,)
    if len(value) > 1 and value[0] & 0x0F == 8 and int.from_bytes(value[:2], "big") % 31 == 0:
        return _ZLIB, _RAW
    return (_RAW,)


def unwrap_json(payload: bytes) -> bytes | None:
    """The SIP text of ``{"payload": "<SIP>"}``, as OpenSIPS sends it; None for anything else."""
    if not payload.startswith(b"{"):
        return None
    try:
        # Bytes that are no UTF-8 pass through unchanged: SIP bodies may be binary.
        wrapped = json.loads(payload.decode("utf-8", "surrogateescape"))
    except (ValueError, RecursionError):
        return None
    text = wrapped.get("payload") if isinstance(wrapped, dict) else None
    if not isinstance(text, str):
        return None
    try:
        inner = text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        inner = text.encode("utf-8", "replace")
    return inner if looks_like_sip(inner) else None


def guess_type(payload: bytes) -> int:
    """Protocol type told by the payload's content; 0 where it does not tell."""
    if looks_like_sip(payload):
        return SIP
    if payload.startswith(b"{"):
        if _RTCP_KEYS.search(payload):
            return RTCP_JSON
        if _REPORT_KEYS.search(payload):
            return RTP_REPORT
    return 0


def cut_trailing_nuls(payload: bytes) -> bytes:
    """SIP without the NUL bytes that OpenSIPS leaves behind it in HEP 1 and 2.

    Content-Length decides where it is present, since a binary body may end with NUL.
    """
    if not payload.endswith(b"\0"):
        return payload
    bare = payload.rstrip(b"\0")
    head_end = payload.find(b"\r\n\r\n") + 4
    length = _CONTENT_LENGTH.search(payload, 0, head_end) if head_end > 3 else None
    if length is None:
        return bare
    return payload[: max(len(bare), head_end + int(length[1]))]
