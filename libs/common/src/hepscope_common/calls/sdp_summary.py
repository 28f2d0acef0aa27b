"""SDP summary: what of a session description is worth a line of the ladder (RFC 8866).

Codecs are named by their rtpmap, else as the static payload type (RFC 3551), in the order of the
description and each once. telephone-event is no codec that one chooses, so it is told apart.
"""

from dataclasses import dataclass
from typing import Final

from hep.sdp import Direction, Media, parse

MAX_CODECS: Final = 16
"""A browser offers some twenty names; the first of them is what is taken."""

WORD_CHARS: Final = 32
ADDRESS_CHARS: Final = 255  # a DNS name may stand for the address
_EVENTS: Final = "telephone-event"


@dataclass(frozen=True, slots=True)
class MediaSummary:
    """One m= line; port 0 is a stream refused or ended, ``codecs`` of what is no RTP are formats.

    ``is_held`` as ``hep.sdp`` has it: sendonly, inactive, or an address of zeros.
    """

    kind: str
    port: int
    address: str
    codecs: tuple[str, ...]
    direction: Direction
    has_telephone_event: bool
    is_held: bool


@dataclass(frozen=True, slots=True)
class SdpSummary:
    """The media of a description in order; a description may have none."""

    media: tuple[MediaSummary, ...]


def summary_of(body: bytes) -> SdpSummary | None:
    """Return the summary of a description, None where nothing can be read of it."""
    described = parse(body)
    media = tuple(_media_summary(one) for one in described.media if one.kind)
    return SdpSummary(media) if media or not described.faults else None


def _media_summary(media: Media) -> MediaSummary:
    names = _names(media)
    events = [name for name in names if name.lower() == _EVENTS]
    return MediaSummary(
        kind=media.kind[:WORD_CHARS],
        port=media.port,
        address=media.connection[:ADDRESS_CHARS],
        codecs=tuple(name for name in names if name not in events)[:MAX_CODECS],
        direction=media.direction,
        has_telephone_event=bool(events),
        is_held=not media.is_rejected and media.is_hold,
    )


def _names(media: Media) -> list[str]:
    # A payload type without a name stands as its number, a format of T.38 or messages as itself.
    names = {str(kind): codec.name for kind, codec in media.codecs.items()}
    return list(dict.fromkeys(names.get(word, word)[:WORD_CHARS] for word in media.formats))
