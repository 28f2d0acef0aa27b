"""A dead letter: what could not be taken or stored, as it came, and the headers that say why.

Ingest's letters hold what a sender sent, the writer's a packet of the bus or the broken end of a
record. Everything in one is foreign: it goes to terminals escaped, and nothing in it is trusted.
"""

from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Final

from hep import DecodeError, HepPacket, decode
from hep.sip import parse
from hepscope_common.bus.browsing import Taken
from hepscope_common.logs import escape_controls
from hepscope_standalone.console import utc_text

HEX_COLUMNS: Final = 16
MAX_HEADER_CHARACTERS: Final = 300
_PEER_BYTES: Final = (6, 18)


@dataclass(frozen=True, slots=True)
class Letter:
    """A record of the dead letters; ``offset`` names it."""

    offset: int
    time_us: int
    headers: dict[str, bytes] = field(repr=False)
    packet: bytes = field(repr=False)

    @property
    def reason(self) -> str:
        """Why it is here."""
        return self.text("reason") or "unknown"

    @property
    def peer(self) -> str:
        """Who sent it, as ``address:port``; empty when nobody noted it."""
        packed = self.headers.get("peer", b"")
        if not packed:
            found = self.decoded()
            packed = b"" if found is None else found.peer
        return peer_text(packed)

    @property
    def came_from(self) -> str:
        """Where it stood on the bus, or that ingest refused it before."""
        if "topic" not in self.headers:
            return "ingest"
        place = f"{self.text('topic')}[{self.text('partition')}]"
        return f"{place} {self.text('offset')}.{self.text('index')}"

    def text(self, name: str) -> str:
        """Return a header as text that no terminal obeys."""
        raw = self.headers.get(name, b"")[:MAX_HEADER_CHARACTERS]
        return escape_controls(raw.decode("utf-8", "replace"))

    def decoded(self) -> HepPacket | None:
        """Return the packet, None when it is none."""
        try:
            return decode(self.packet)
        except DecodeError:
            return None


def letter_of(taken: Taken) -> Letter:
    """Return the letter in a record."""
    record = taken.record
    return Letter(record.offset, taken.time_us, dict(record.headers), record.value)


def peer_text(packed: bytes) -> str:
    """Return ``address:port`` of a packed peer (6 or 18 bytes), empty for anything else."""
    if len(packed) not in _PEER_BYTES:
        return ""
    host = str(ip_address(packed[:-2]))
    port = int.from_bytes(packed[-2:], "big")
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def describe(letter: Letter, *, max_bytes: int | None) -> str:
    """Return everything about a letter, lines of text; of its bytes at most so many."""
    lines = [
        f"offset    {letter.offset}",
        f"time      {utc_text(letter.time_us)}",
        f"reason    {letter.reason} {letter.text('detail')}".rstrip(),
        f"peer      {letter.peer or '-'}",
        f"from      {letter.came_from}",
        f"bytes     {len(letter.packet)}",
    ]
    packet = letter.decoded()
    lines += ["no HEP packet"] if packet is None else _fields(packet)
    shown = letter.packet[:max_bytes]
    lines += ["", *hex_lines(shown)]
    if len(shown) < len(letter.packet):
        lines.append(f"... {len(letter.packet) - len(shown)} more bytes (--full)")
    return "\n".join(lines)


def _fields(packet: HepPacket) -> list[str]:
    source, destination = (
        peer_text(address + port.to_bytes(2, "big")) or "-"
        for address, port in (
            (packet.source, packet.source_port),
            (packet.destination, packet.destination_port),
        )
    )
    lines = [
        f"HEP       version {packet.version}, type {packet.protocol_type}, node {packet.node_id}"
        f" {_foreign(packet.node_name)}".rstrip(),
        f"captured  {utc_text(packet.time_us)}",
        f"addresses {source} to {destination}",
    ]
    message = parse(packet.payload)
    if message.call_id:
        lines.append(f"Call-ID   {escape_controls(message.call_id)}")
    lines += ["", *(f"| {_foreign(line)}" for line in packet.payload.splitlines())]
    return lines


def _foreign(text: bytes) -> str:
    return escape_controls(text.decode("utf-8", "replace"))


def hex_lines(data: bytes) -> list[str]:
    """Return bytes as lines of offset, hex and ASCII."""
    lines = []
    for at in range(0, len(data), HEX_COLUMNS):
        piece = data[at : at + HEX_COLUMNS]
        ascii_text = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in piece)
        lines.append(f"{at:06x}  {piece.hex(' '):<{HEX_COLUMNS * 3}} {ascii_text}")
    return lines
