"""gzip as a stream: members, and everything that comes before damage."""

import gzip
import io
import random
import zlib
from collections.abc import Iterator

from hypothesis import given, settings
from hypothesis import strategies as st

from hepscope_capture.files.errors import GapKind
from hepscope_capture.files.gzipped import GzipReader

# Not compressible, so that cuts fall all over the data.
DATA = random.Random(7).randbytes(20_000)
ZIPPED = gzip.compress(DATA)


def pieces_of(reader: GzipReader, size: int) -> Iterator[bytes]:
    """Read a stream that is all there."""
    while piece := reader.read(size):
        yield piece


def inflate(data: bytes, size: int = 4096) -> tuple[bytes, GapKind | None]:
    """Read a whole stream."""
    reader = GzipReader(io.BytesIO(data).read)
    inflated = b"".join(pieces_of(reader, size))
    assert reader.read(size) == b""
    return inflated, reader.gap


def test_members_follow_each_other_and_padding_is_nothing() -> None:
    """Joined gzip files are one stream; zeros behind it are no damage."""
    assert inflate(ZIPPED + gzip.compress(b"more") + bytes(512)) == (DATA + b"more", None)
    assert inflate(gzip.compress(b"")) == (b"", None)


def test_read_gives_at_most_what_was_asked_for() -> None:
    """A stream of zeros inflates a thousandfold; memory does not follow."""
    reader = GzipReader(io.BytesIO(gzip.compress(bytes(5_000_000))).read)
    sizes = [len(piece) for piece in pieces_of(reader, 1000)]
    assert max(sizes) <= 1000
    assert sum(sizes) == 5_000_000


@given(st.integers(2, len(ZIPPED) - 1))
@settings(max_examples=60, deadline=None)
def test_a_cut_stream_gives_what_was_before_the_cut(size: int) -> None:
    """All that the bytes before the cut hold comes out, and the gap is named."""
    inflated, gap = inflate(ZIPPED[:size])
    assert gap is GapKind.CUT
    assert DATA.startswith(inflated)
    assert len(inflated) >= size - 100


def test_damage_in_the_middle_gives_what_was_before() -> None:
    """Output of the failing call is not lost."""
    text = b"".join(b"line %d of many\n" % at for at in range(4000))
    packer = zlib.compressobj(wbits=31)
    # A block of type 3, which does not exist, behind a whole one.
    zipped = packer.compress(text) + packer.flush(zlib.Z_FULL_FLUSH) + b"\x07" + bytes(50)
    assert inflate(zipped, 1_000_000) == (text, GapKind.BAD_COMPRESSION)
    assert inflate(zipped, 100) == (text, GapKind.BAD_COMPRESSION)


def test_a_wrong_checksum_is_a_gap_behind_the_last_byte() -> None:
    """The data is given, the damage is named."""
    zipped = bytearray(ZIPPED)
    zipped[-6] ^= 1
    assert inflate(bytes(zipped)) == (DATA, GapKind.BAD_COMPRESSION)
