"""What a server says: acknowledgements of ours count, lies end it, all else is not for us."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hep import encode_ack, encode_hello
from hepscope_capture.senders.answers import Answers, WrongAnswerError
from support.hep_wire import generic, packet, sip_packet

ORIGIN, OTHER = bytes(range(16)), bytes(16)


@given(st.lists(st.integers(0, 2**64 - 1), min_size=1, max_size=5), st.data())
def test_any_split_gives_the_highest(seqs: list[int], data: st.DataObject) -> None:
    """Of each piece, and so of all."""
    stream = b"".join(encode_ack(ORIGIN, seq) for seq in seqs)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=5)))
    answers = Answers(ORIGIN)
    heard = [
        answers.feed(stream[begin:end])
        for begin, end in zip([0, *cuts], [*cuts, len(stream)], strict=True)
    ]
    assert max(number for number in heard if number is not None) == max(seqs)


def test_everything_else_is_skipped() -> None:
    """Packets, our own greeting sent back, damage, a few bytes that are no HEP."""
    answers = Answers(ORIGIN)
    assert answers.feed(sip_packet()) is None
    assert answers.feed(encode_hello(ORIGIN)) is None
    assert answers.feed(b"HEP3\x00\x0a\xff\xff\xff\xff") is None
    assert answers.feed(packet(generic(16, b"not deflated"))) is None
    assert answers.feed(b"220 mail.example.org ESMTP\r\n") is None
    assert answers.feed(encode_ack(ORIGIN, 0)) == 0


def test_an_acknowledgement_for_another_sender_is_refused() -> None:
    """Nothing such a server says can be relied on."""
    with pytest.raises(WrongAnswerError, match="another sender"):
        Answers(ORIGIN).feed(encode_ack(ORIGIN, 1) + encode_ack(OTHER, 5))


def test_a_stream_that_is_no_hep_is_given_up() -> None:
    """It is not searched for ever."""
    answers = Answers(ORIGIN)
    garbage = random.Random(3).randbytes(70_000)
    with pytest.raises(WrongAnswerError, match="not in HEP"):
        answers.feed(garbage)
