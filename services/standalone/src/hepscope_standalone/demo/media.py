"""The media of a dialog: where each side sends, what is offered and answered, and the codec.

A proxy of the path has a media server put between the two sides, so that each is told an address
of that server instead of the other's (``Body.relayed``).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from hepscope_standalone.demo.dialog import Dialog
from hepscope_standalone.demo.network import ATLANTIC, CARRIERS, RELAY, Host
from hepscope_standalone.demo.sdp_text import (
    DESK_PHONE,
    DTMF,
    PCMA,
    SOFT_PHONE,
    TRUNK,
    TRUNK_US,
    Codec,
    Stream,
    sdp,
)
from hepscope_standalone.demo.sip_text import Body

PHONE_PORTS = (11_780, 12_780)
RELAY_PORTS = (30_000, 40_000)
# A media server whose site has no capture agent.
SILENT_RELAY = Host("203.0.113.41", 0, "rtpengine", twin=Host("2001:db8:113::41", 0, "rtpengine"))
SOFT_AGENTS = ("Linphone", "Zoiper", "MicroSIP", "JsSIP")
_GATEWAYS = {carrier.gateway.address for carrier in CARRIERS}


@dataclass(slots=True)
class Side:
    """One end: its packets' address, that of its SDP, and the media server's port towards it."""

    host: Host
    written: str
    port: int
    relay: Host
    ssrc: int
    session: int
    version: int = 0

    def body(self, streams: Sequence[Stream], other: "Side") -> Body:
        """Return what it offers or answers; the other side is told the media server's port."""
        self.version += 1
        own = [replace(stream, port=self._at(self.port, stream)) for stream in streams]
        shown = [replace(stream, port=self._at(other.relay.port, stream)) for stream in streams]
        text, relayed = (
            sdp(address, lines, session=self.session, version=self.version)
            for address, lines in ((self.written, own), (other.relay.address, shown))
        )
        return Body(text, relayed=relayed)

    @staticmethod
    def _at(port: int, stream: Stream) -> int:
        """Return the port of a stream: each kind has the next pair, 0 stays refused."""
        if stream.port == 0:
            return 0
        return port + {"audio": 0, "image": 0, "video": 2}[stream.kind]


class Media:
    """Both sides of a dialog and the codec they agree on."""

    def __init__(self, dialog: Dialog, *, is_seen: bool) -> None:
        random = dialog.scene.random
        relay = RELAY if is_seen else SILENT_RELAY
        first, second = (
            Side(
                host=replace(host, port=random.randrange(*PHONE_PORTS, 2), transport="UDP"),
                written=host.address if "invalid" in host.inside else host.inside or host.address,
                port=random.randrange(*PHONE_PORTS, 2),
                relay=replace(relay.facing(host), port=random.randrange(*RELAY_PORTS, 4)),
                ssrc=random.getrandbits(32),
                session=random.randrange(10**9, 2 * 10**9),
            )
            for host in (dialog.path[0], dialog.path[-1])
        )
        self.caller, self.callee = first, second
        self.is_seen = is_seen
        self._codecs = codecs_of(dialog.path[0]), codecs_of(dialog.path[-1])
        self.codec: Codec = next((one for one in self._codecs[0] if one in self._codecs[1]), PCMA)

    def offer(
        self,
        direction: str = "sendrecv",
        *,
        streams: Sequence[Stream] | None = None,
        upward: bool = False,
    ) -> Body:
        """Return an offer, of audio unless other streams are given."""
        side, other = (self.callee, self.caller) if upward else (self.caller, self.callee)
        lines = streams or [Stream("audio", 1, self._codecs[upward], direction)]
        return side.body(lines, other)

    def answer(
        self,
        direction: str = "sendrecv",
        *,
        streams: Sequence[Stream] | None = None,
        upward: bool = False,
    ) -> Body:
        """Return the answer to an offer of the caller, or of the callee when ``upward``."""
        side, other = (self.caller, self.callee) if upward else (self.callee, self.caller)
        lines = streams or [Stream("audio", 1, (self.codec, DTMF), direction)]
        return side.body(lines, other)


def codecs_of(host: Host) -> Sequence[Codec]:
    """Return what a device can do, the best first."""
    if host.address in _GATEWAYS:
        return TRUNK_US if host is ATLANTIC.gateway else TRUNK
    return SOFT_PHONE if host.user_agent.startswith(SOFT_AGENTS) else DESK_PHONE
