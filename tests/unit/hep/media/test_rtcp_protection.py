"""SRTCP told from RTCP without keys: nothing that is cipher text is taken for numbers."""

import hashlib
import hmac
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hep.media.errors import Reason
from hep.rtcp import (
    Form,
    ReceiverReport,
    ReportBlock,
    SdesChunk,
    SdesItem,
    SenderReport,
    SourceDescription,
    encode,
    read,
)

PLAIN = encode(
    SenderReport(0x1111, 1 << 40, 2, 3, 4, (ReportBlock(5),)),
    SourceDescription((SdesChunk(0x1111, (SdesItem(1, b"alice@host"),)),)),
)


def protect(
    data: bytes, seed: int, *, index: int = 1, tag: int = 10, encrypts: bool = True
) -> bytes:
    """Return a compound as SRTCP: clear head, noise for cipher text, flag and index, tag."""
    noise = hashlib.shake_128(seed.to_bytes(8, "big")).digest(len(data) + 32)
    body = data[:8] + noise[: len(data) - 8] if encrypts else data
    flag = (index | (0x80000000 if encrypts else 0)).to_bytes(4, "big")
    key = b"k" * 20
    return body + flag + hmac.new(key, body + flag, "sha1").digest()[:tag]


def protect_gcm(data: bytes, seed: int, *, index: int = 1, encrypts: bool = True) -> bytes:
    """Return a compound as RFC 7714 has it: tag of 16 bytes, then flag and index."""
    noise = hashlib.shake_128(seed.to_bytes(8, "big")).digest(len(data) + 16)
    body = data[:8] + noise[: len(data) - 8] if encrypts else data
    flag = (index | (0x80000000 if encrypts else 0)).to_bytes(4, "big")
    return body + noise[-16:] + flag


def test_plain() -> None:
    """Sound to the last byte."""
    reading = read(PLAIN)

    assert (reading.form, len(reading.packets), reading.refusal) == (Form.PLAIN, 2, None)
    assert read(PLAIN, is_secure=True).form is Form.PLAIN


@given(st.integers(0, 2**32), st.integers(0, 2**20), st.sampled_from([4, 10]))
def test_encrypted(seed: int, index: int, tag: int) -> None:
    """With both tags of RFC 3711."""
    reading = read(protect(PLAIN, seed, index=index, tag=tag))

    assert reading.form is Form.ENCRYPTED
    assert reading.packets == ()


@given(st.integers(0, 2**32), st.integers(0, 2**20))
def test_encrypted_with_gcm(seed: int, index: int) -> None:
    """RFC 7714, whose flag is last."""
    assert read(protect_gcm(PLAIN, seed, index=index)).form is Form.ENCRYPTED


@given(st.integers(0, 2**32))
def test_a_report_alone(seed: int) -> None:
    """Its cipher text has the length of a report, whose numbers would be noise."""
    report = encode(ReceiverReport(1, (ReportBlock(2),)))

    assert read(protect(report, seed)).packets == ()
    assert read(protect_gcm(report, seed)).packets == ()


@pytest.mark.parametrize("protector", [protect, protect_gcm])
def test_authenticated_only(protector: Callable[..., bytes]) -> None:
    """E = 0: the packets are clear, and are read."""
    reading = read(protector(PLAIN, 1, encrypts=False))

    assert (reading.form, reading.packets) == (Form.AUTHENTICATED, read(PLAIN).packets)


def test_a_session_of_srtp_settles_it() -> None:
    """A key identifier hides the flag; that SRTP was offered does not."""
    data = protect(encode(ReceiverReport(1, (ReportBlock(2),))), 3, index=1 << 30) + b"mki4"

    assert read(data, is_secure=True).form is Form.ENCRYPTED
    assert read(data).form is Form.DAMAGED
    assert read(data).packets == ()


def test_something_behind_it() -> None:
    """Two sound packets are no accident; one may be."""
    assert read(PLAIN + b"\0\0\0").packets == read(PLAIN).packets
    assert read(PLAIN + b"\0\0\0").refusal is not None
    assert read(encode(ReceiverReport(1)) + b"\0\0\0").packets == ()


def test_cut_by_the_capture() -> None:
    """What is whole counts; a trailer is not looked for."""
    reading = read(PLAIN[:-4], is_cut=True)

    assert (reading.form, len(reading.packets)) == (Form.DAMAGED, 1)
    assert reading.refusal is not None
    assert reading.refusal.reason is Reason.BAD_LENGTH


@given(st.binary(max_size=200), st.booleans(), st.booleans())
def test_any_bytes(data: bytes, is_secure: bool, is_cut: bool) -> None:
    """Never an error; a reason exactly where it is damaged."""
    reading = read(data, is_secure=is_secure, is_cut=is_cut)

    assert (reading.refusal is not None) == (reading.form is Form.DAMAGED)
