"""HEP bytes for tests: chunks and packets made by hand, golden packets, mutations of them.

Nothing here uses our encoder, so that a test of the decoder does not test both against
each other.
"""

import struct
from functools import cache
from pathlib import Path

from hypothesis import strategies as st

GOLDEN = Path(__file__).parents[1] / "data" / "hep"

SIP_OPTIONS = (
    b"OPTIONS sip:b@example.org SIP/2.0\r\nCall-ID: one@example.org\r\n"
    b"CSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n"
)


def chunk(vendor: int, number: int, value: bytes) -> bytes:
    """A chunk on the wire."""
    return struct.pack("!HHH", vendor, number, 6 + len(value)) + value


def generic(number: int, value: int | bytes, width: int = 0) -> bytes:
    """A chunk of the generic vendor; an int takes width bytes."""
    return chunk(0, number, value.to_bytes(width, "big") if isinstance(value, int) else value)


def packet(*chunks: bytes, magic: bytes = b"HEP3") -> bytes:
    """A HEP3 packet with a correct total length."""
    body = b"".join(chunks)
    return magic + struct.pack("!H", 6 + len(body)) + body


def start(  # the order of most agents
    *, family: int = 2, seconds: int = 1_700_000_000, micros: int = 25, kind: int = 1, node: int = 7
) -> list[bytes]:
    """The fixed chunks of 192.0.2.1:5060 to 192.0.2.2:5080 over UDP."""
    return [
        generic(1, family, 1),
        generic(2, 17, 1),
        generic(3, b"\xc0\0\2\1"),
        generic(4, b"\xc0\0\2\2"),
        generic(7, 5060, 2),
        generic(8, 5080, 2),
        generic(9, seconds, 4),
        generic(10, micros, 4),
        generic(11, kind, 1),
        generic(12, node, 4),
    ]


def sip_packet(payload: bytes = SIP_OPTIONS, *more: bytes) -> bytes:
    """A plain packet of type SIP."""
    return packet(*start(), generic(15, payload), *more)


def head12(version: int = 1, length: int = 16, family: int = 2) -> bytes:
    """Head and addresses of HEP 1 or 2, 192.0.2.1:5060 to 192.0.2.2:5080 over UDP."""
    ports = struct.pack("!BHH", 17, 5060, 5080)
    return bytes((version, length, family)) + ports + b"\xc0\0\2\1\xc0\0\2\2"


@cache
def golden_packets() -> dict[str, bytes]:
    """The valid golden packets by name."""
    paths = sorted(GOLDEN.glob("*.hep"))
    return {path.stem: path.read_bytes() for path in paths if ".invalid" not in path.name}


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """A golden packet with some bytes changed, cut, or repeated."""
    data = bytearray(draw(st.sampled_from(list(golden_packets().values()))))
    for _ in range(draw(st.integers(0, 4))):
        # Heads and chunk heads are where a change matters.
        at = draw(st.integers(0, min(len(data), 140) - 1))
        data[at] = draw(st.integers(0, 255))
    change = draw(st.sampled_from(["none", "cut", "append"]))
    if change == "cut":
        return bytes(data[: draw(st.integers(0, len(data)))])
    return bytes(data) + (draw(st.binary(max_size=40)) if change == "append" else b"")


@st.composite
def shuffled(draw: st.DrawFn) -> bytes:
    """A correct packet of usual and unusual chunks in any order, repeated or missing."""
    values = st.one_of(st.binary(max_size=20), st.just(SIP_OPTIONS), st.just(b'{"payload":"x"}'))
    foreign = st.builds(chunk, st.sampled_from([0, 1, 8, 0x4853]), st.integers(0, 45), values)
    fixed = draw(st.one_of(st.just(start()), st.permutations(start())))
    keep = draw(st.integers(0, 10))
    more = draw(st.lists(foreign, max_size=6))
    return packet(*(fixed if keep == 0 else fixed[: 10 if keep > 3 else keep]), *more)
