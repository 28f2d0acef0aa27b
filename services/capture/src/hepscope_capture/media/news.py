"""What one process of a fanout learned, as bytes for the others; private to one version of us.

Version u8, step u8, time u64 in microseconds, then Call-ID, dialog, claims and SSRCs, each behind
a u16 that tells its bytes or its number. A claim is evidence u8, secure u8, size u8, key.
"""

from struct import Struct, error

from hepscope_capture.media.evidence import Evidence
from hepscope_capture.media.offers import Claim, Offer
from hepscope_capture.media.signalling import CallNews, Step

_VERSION = 1
_HEAD = Struct("!BBqH")
_COUNT = Struct("!H")
_CLAIM = Struct("!BBB")
_KEY_BYTES = (6, 18)


class NewsError(ValueError):
    """Bytes that are no news of this version."""


def encode_news(news: CallNews) -> bytes:
    """Return news as bytes."""
    parts = [_HEAD.pack(_VERSION, news.step, news.time_us, len(news.call_id)), news.call_id]
    parts += (_COUNT.pack(len(news.dialog)), news.dialog, _COUNT.pack(len(news.offer.claims)))
    for key, evidence, is_secure in news.offer.claims:
        parts += (_CLAIM.pack(evidence, is_secure, len(key)), key)
    ssrcs = news.offer.ssrcs
    parts.append(Struct(f"!H{len(ssrcs)}I").pack(len(ssrcs), *ssrcs))
    return b"".join(parts)


def decode_news(data: bytes) -> CallNews:
    """Return news from bytes. Raises NewsError."""
    try:
        version, step, time_us, size = _HEAD.unpack_from(data)
        if version != _VERSION:
            raise NewsError(f"version {version}")
        call_id, at = _take(data, _HEAD.size, size)
        (size,) = _COUNT.unpack_from(data, at)
        dialog, at = _take(data, at + _COUNT.size, size)
        (number,) = _COUNT.unpack_from(data, at)
        at += _COUNT.size
        claims: list[Claim] = []
        for _ in range(number):
            evidence, is_secure, size = _CLAIM.unpack_from(data, at)
            if size not in _KEY_BYTES:
                raise NewsError(f"key of {size} bytes")
            key, at = _take(data, at + _CLAIM.size, size)
            claims.append((key, Evidence(evidence), bool(is_secure)))
        (number,) = _COUNT.unpack_from(data, at)
        ssrcs = Struct(f"!{number}I").unpack_from(data, at + _COUNT.size)
        return CallNews(call_id, time_us, Step(step), dialog, Offer(tuple(claims), ssrcs))
    except error as cut:
        raise NewsError("cut") from cut
    except ValueError as wrong:
        raise NewsError(str(wrong)) from wrong


def _take(data: bytes, at: int, size: int) -> tuple[bytes, int]:
    piece = data[at : at + size]
    if len(piece) < size:
        raise NewsError("cut")
    return piece, at + size
