"""The tolerant parser of session descriptions (RFC 8866).

Lines of a letter, `=` and a value; what stands before the first m= holds for every media section
that does not say otherwise. Letters and attributes that call logic does not need are passed over.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import islice

from hep.sdp.description import Direction, Media, Origin, RtcpAddress, Sdp, SdpFault
from hep.sdp.payload_types import STATIC_PAYLOAD_TYPES, Codec

# Far above any client (a browser with every codec sends some 200 lines), far below what costs.
MAX_LINES = 2000
MAX_MEDIA = 64
MAX_FORMATS = 256
_MAX_PAYLOAD_TYPE = 127
_MAX_PORT = 65535


@dataclass(slots=True)
class _Section:
    """What the lines of the session level, or of one media section, have said so far."""

    media: Media
    names: dict[int, Codec] = field(default_factory=dict)
    parameters: dict[int, str] = field(default_factory=dict)


def parse(body: bytes | str) -> Sdp:
    """Return what can be read of a description; never raises, in time linear in the length."""
    reader = _Reader()
    raw = body.encode("utf-8", "replace") if isinstance(body, str) else body
    text = raw.decode("utf-8", "replace").replace("\0", "\ufffd").replace("\r", "\n")
    lines = (line for line in text.split("\n") if line.strip(" \t"))
    for line in islice(lines, MAX_LINES):
        reader.take(line.lstrip(" \t"))
    if next(lines, None) is not None:
        reader.note(SdpFault.TOO_LONG)
    return reader.finish()


class _Reader:
    def __init__(self) -> None:
        self._sdp = Sdp()
        self._faults: dict[SdpFault, None] = {}
        # The session level is read like a section, whose values then seed those of the media.
        self._session = _Section(Media(""))
        self._section: _Section | None = self._session
        self._has_line = False

    def note(self, fault: SdpFault) -> None:
        self._faults[fault] = None

    def take(self, line: str) -> None:
        letter, sign, value = line.partition("=")
        letter = letter.rstrip(" \t")
        if not self._has_line and (letter, value.strip()) != ("v", "0"):
            self.note(SdpFault.MISSING_VERSION)
        self._has_line = True
        if not sign or len(letter) != 1:
            self.note(SdpFault.BAD_LINE)
        elif letter == "m":
            self._begin_media(value)
        elif self._section is not None:
            read = _LINES.get(letter)
            if read is not None:
                read(self, self._section, value.strip(" \t"))

    def finish(self) -> Sdp:
        if not self._has_line:
            self.note(SdpFault.EMPTY)
        self._close_section()
        self._sdp.connection = self._session.media.connection
        self._sdp.faults = tuple(self._faults)
        return self._sdp

    def _begin_media(self, value: str) -> None:
        self._close_section()
        self._section = None
        if len(self._sdp.media) >= MAX_MEDIA:
            self.note(SdpFault.TOO_LONG)
            return
        media = self._read_media(value.split())
        level = self._session.media
        media.direction = level.direction
        media.connection = level.connection
        media.rtcp_mux = level.rtcp_mux
        media.ice = level.ice
        media.crypto = level.crypto
        media.fingerprint = level.fingerprint
        self._sdp.media.append(media)
        self._section = _Section(media)

    def _read_media(self, words: list[str]) -> Media:
        if len(words) < 3:
            self.note(SdpFault.BAD_MEDIA)
            return Media(words[0] if words else "")
        kind, ports, protocol, *formats = words
        if len(formats) > MAX_FORMATS:
            self.note(SdpFault.TOO_LONG)
        first, slash, count = ports.partition("/")
        port = _number(first, _MAX_PORT)
        port_count = _number(count, _MAX_PORT) if slash else 1
        if port is None or port_count is None:
            self.note(SdpFault.BAD_MEDIA)
        return Media(kind, port or 0, port_count or 1, protocol, formats[:MAX_FORMATS])

    def _close_section(self) -> None:
        """Name the payload types of a section, once all its attributes have been seen."""
        section = self._section
        if section is None or "RTP/" not in section.media.protocol.upper():
            return
        for word in section.media.formats:
            kind = _number(word, _MAX_PAYLOAD_TYPE)
            codec = (
                None if kind is None else section.names.get(kind, STATIC_PAYLOAD_TYPES.get(kind))
            )
            if kind is not None and codec is not None:
                parameters = section.parameters.get(kind, "")
                section.media.codecs[kind] = Codec(
                    codec.name, codec.clock_hz, codec.channels, parameters
                )

    def read_origin(self, _: _Section, value: str) -> None:
        words = value.split()
        if len(words) != 6:
            self.note(SdpFault.BAD_ORIGIN)
        if len(words) >= 6:
            self._sdp.origin = Origin(words[0], words[1], words[2], _address(words[5]))

    def read_name(self, section: _Section, value: str) -> None:
        if section is self._session:
            self._sdp.session_name = value

    def read_connection(self, section: _Section, value: str) -> None:
        words = value.split()
        if len(words) < 3:
            self.note(SdpFault.BAD_CONNECTION)
            return
        section.media.connection = _address(words[2])

    def read_attribute(self, section: _Section, value: str) -> None:
        name, _, argument = value.partition(":")
        name = name.strip(" \t").lower()
        media = section.media
        if name in _DIRECTIONS:
            media.direction = Direction(name)
        elif name == "rtcp-mux":
            media.rtcp_mux = True
        elif name in _ICE:
            media.ice = True
        elif name == "crypto":
            media.crypto = True
        elif name == "fingerprint":
            media.fingerprint = True
        elif (read := _ARGUMENTS.get(name)) is not None and not read(section, argument.strip()):
            self.note(SdpFault.BAD_ATTRIBUTE)


def _read_rtpmap(section: _Section, argument: str) -> bool:
    word, _, encoding = argument.partition(" ")
    kind = _number(word, _MAX_PAYLOAD_TYPE)
    name, _, rest = encoding.strip(" \t").partition("/")
    clock, slash, channels = rest.partition("/")
    if kind is None or not name:
        return False
    clock_hz = _number(clock.strip(), 2**31 - 1)
    channel_count = _number(channels.strip(), 255) if slash else 1
    # The name is worth having without its clock (RFC 4475 sends such maps).
    section.names.setdefault(kind, Codec(name.strip(), clock_hz or 0, channel_count or 1))
    return clock_hz is not None


def _read_fmtp(section: _Section, argument: str) -> bool:
    word, _, parameters = argument.partition(" ")
    kind = _number(word, _MAX_PAYLOAD_TYPE)
    # Formats that are no payload types (T.38, message streams) may have an fmtp too.
    if kind is not None:
        section.parameters.setdefault(kind, parameters.strip(" \t"))
    return True


def _read_rtcp(section: _Section, argument: str) -> bool:
    words = argument.split()
    port = _number(words[0], _MAX_PORT) if words else None
    if port is None:
        return False
    address = _address(words[3]) if len(words) > 3 else ""
    section.media.rtcp = RtcpAddress(port, address)
    return True


def _address(word: str) -> str:
    """Return an address without its TTL and count (RFC 8866 section 5.7)."""
    return word.partition("/")[0].strip("[]").replace(":::", "::")


def _number(word: str, limit: int) -> int | None:
    if not (word.isascii() and word.isdigit() and len(word) <= 10):
        return None
    number = int(word)
    return number if number <= limit else None


_DIRECTIONS = frozenset(direction.value for direction in Direction)
_ICE = frozenset({"ice-ufrag", "ice-pwd", "candidate", "ice-lite", "ice-options"})
_ARGUMENTS: dict[str, Callable[[_Section, str], bool]] = {
    "rtpmap": _read_rtpmap,
    "fmtp": _read_fmtp,
    "rtcp": _read_rtcp,
}
_LINES: dict[str, Callable[[_Reader, _Section, str], None]] = {
    "o": _Reader.read_origin,
    "s": _Reader.read_name,
    "c": _Reader.read_connection,
    "a": _Reader.read_attribute,
}
