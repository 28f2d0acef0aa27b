"""What a server says to a sender of ours: acknowledgements, packets of only origin and ack.

Pure: bytes in, a number out. Anything else that a server says is not for us; a plain HEP server
has nothing to say, but some repeat what they hear. An acknowledgement for somebody else means that
the server mixes up its senders, and nothing that it says can be relied on.
"""

from collections.abc import Iterator

from hep import DecodeError, HepPacket, StreamDecoder, decode3


class WrongAnswerError(Exception):
    """What the server says cannot be; the text is one line for the user."""


class Answers:
    """The answers on one connection."""

    def __init__(self, origin: bytes) -> None:
        self._origin = origin
        self._earlier: set[bytes] = set()
        self._decoder = StreamDecoder()

    def turn_to(self, origin: bytes) -> None:
        """Expect answers for another origin; late ones for those before say nothing new."""
        self._earlier.add(self._origin)
        self._origin = origin

    def feed(self, data: bytes) -> int | None:
        """Return the highest number that these bytes acknowledge, None without any.

        Raises WrongAnswerError for an acknowledgement of another origin, and once the stream is
        lost because no HEP packet comes within 64 KiB.
        """
        highest: int | None = None
        for packet in self._packets(data):
            if packet.ack is None or packet.origin in self._earlier:
                continue
            if packet.origin != self._origin:
                raise WrongAnswerError("it acknowledges packets of another sender")
            highest = max(highest or 0, packet.ack)
        return highest

    def _packets(self, data: bytes) -> Iterator[HepPacket]:
        try:
            cut = self._decoder.feed(data)
        except DecodeError:
            raise WrongAnswerError("it answers, but not in HEP") from None
        for packet in cut:
            try:
                yield decode3(packet)
            except DecodeError:
                # Damaged or foreign: no acknowledgement, so none that could free anything.
                continue
