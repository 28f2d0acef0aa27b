"""SIP that is put by unread: bounded, and read in time for RTCP."""

import struct

from hypothesis import example, given
from hypothesis import strategies as st

from hepscope_capture.decode.datagrams import Datagram
from hepscope_capture.media.correlator import Correlator, CorrelatorLimits
from hepscope_capture.media.heard import Heard
from hepscope_capture.media.unread import Unread
from support.media_traffic import (
    ALICE_RTP,
    SECOND,
    START_US,
    answer,
    beside,
    bye,
    failure,
    invite,
    rtcp,
)


def test_the_oldest_are_given_up() -> None:
    """By number and by bytes, with a count."""
    by_number, by_bytes = Unread(2, 1000), Unread(10, 25)
    for unread in (by_number, by_bytes):
        assert [unread.put(letter * 10) for letter in (b"a", b"b", b"c")] == [0, 0, 1]
        assert (len(unread), unread.bytes) == (2, 20)
        assert list(unread.take()) == [b"b" * 10, b"c" * 10]
        assert (len(unread), unread.bytes) == (0, 0)


def test_several_are_put_by_at_once() -> None:
    """As they were heard, without fields; the oldest are given up, whatever they are."""
    unread = Unread(10, 25)
    unread.put(b"a" * 10)
    heard = [(time_us, bytes(12), b"b" * 10) for time_us in (1, 2)]

    assert unread.put_all(heard) == 1
    assert (len(unread), unread.bytes) == (2, 20)
    assert unread.put_all([]) == 0
    assert list(unread.take()) == heard


def test_of_several_the_oldest_are_given_up() -> None:
    """One by one, as if each had been put by itself; whole ones stay whole."""
    unread = Unread(3, 1000)
    heard = [(time_us, bytes(12), bytes((time_us,)) * time_us) for time_us in range(1, 6)]

    assert unread.put_all(heard[:2]) == 0
    assert unread.put_all(heard[2:4]) == 1
    assert (len(unread), unread.bytes) == (3, 2 + 3 + 4)
    assert unread.put_all(heard[4:]) == 1
    assert (len(unread), unread.bytes) == (3, 3 + 4 + 5)
    assert list(unread.take()) == heard[2:]
    assert unread.put_all(heard) == 2
    assert list(unread.take()) == heard[2:]


def heard_of(message: Datagram) -> Heard:
    """Return a message as it is heard on the wire."""
    ports = struct.pack("!HH", message.source_port, message.destination_port)
    return message.time_us, message.source + message.destination + ports, message.payload


def test_what_is_heard_is_learned_from() -> None:
    """Before RTCP comes, and while it waits."""
    before, behind = Correlator(), Correlator()
    assert before.hear([heard_of(invite())]) == ()
    sent = [*before.correlate(rtcp()), *behind.correlate(rtcp())]
    assert len(sent) == 1
    late = [*behind.hear([heard_of(bye("other")), heard_of(invite())])]

    assert sent == late
    assert [report.correlation_id for report in late] == [b"call-1"]


def test_messages_without_media_are_not_kept() -> None:
    """OPTIONS, REGISTER, their answers, 100 and 180."""
    correlator = Correlator()
    ringing = invite(offer="x")
    ringing.payload = b"SIP/2.0 180 Ringing\r\nCSeq: 1 INVITE\r\nCall-ID: x\r\n\r\n"
    register = invite(offer="x")
    register.payload = b"REGISTER sip:x SIP/2.0\r\nAuthorization: Digest realm=x\r\n\r\n"
    for message in (ringing, register):
        correlator.learn(message)

    assert correlator.gauges.unread() == 0


def test_once_there_is_rtcp_they_are_read_every_second() -> None:
    """So that no RTCP finds a second's work before it; after a minute without, no more."""
    correlator = Correlator()
    correlator.learn(invite("call-1"))
    correlator.expire(START_US + SECOND)
    assert correlator.gauges.unread() == 1

    correlator.correlate(rtcp(seconds=2))
    correlator.learn(invite("call-2", seconds=3))
    correlator.expire(START_US + 4 * SECOND)
    assert (correlator.gauges.unread(), correlator.gauges.calls()) == (0, 2)

    correlator.learn(invite("call-3", seconds=70))
    correlator.expire(START_US + 71 * SECOND)
    assert correlator.gauges.unread() == 1


def test_what_was_given_up_is_counted() -> None:
    """Its RTCP goes under its addresses."""
    correlator = Correlator(CorrelatorLimits(unread=1))
    correlator.learn(invite("call-1"))
    correlator.learn(invite("call-2", (ALICE_RTP[0], 31000)))

    assert not correlator.correlate(rtcp())
    assert correlator.counts.never_read == 1


EVENTS = st.lists(
    st.tuples(
        st.sampled_from(["invite", "answer", "bye", "failure", "rtcp", "back"]),
        st.integers(0, 2),
        st.floats(0, 30),
    ),
    max_size=25,
)


def event(kind: str, number: int, seconds: float) -> Datagram:
    """Return a message or RTCP of one of three calls, two of which share a port."""
    call_id, address = f"call-{number}", (ALICE_RTP[0], 30000 + 2 * (number // 2))
    if kind == "invite":
        return invite(call_id, address, seconds=seconds)
    if kind == "answer":
        return answer(call_id, seconds=seconds)
    if kind == "bye":
        return bye(call_id, seconds=seconds)
    if kind == "failure":
        return failure(call_id, seconds=seconds)
    ends = (beside(address), ("198.51.100.20", 40001))
    return rtcp(*(ends if kind == "rtcp" else ends[::-1]), seconds=seconds, ssrc=1 + number)


@given(EVENTS)
@example(
    [
        ("invite", 2, 0.0),
        ("bye", 2, 0.0),
        ("rtcp", 0, 0.0),
        ("invite", 0, 4.0),
        ("answer", 0, 30.0),
        ("answer", 2, 0.0),
        ("invite", 0, 27.0),
        ("rtcp", 2, 0.0),
    ]
)
def test_reading_late_changes_nothing(events: list[tuple[str, int, float]]) -> None:
    """All RTCP comes out, as it would if every message were read at once."""
    late, soon = Correlator(), Correlator(shares_news=True)
    outputs: list[list[bytes]] = [[], []]
    time = 0.0
    count = 0
    for kind, number, pause in events:
        time += pause
        one = event(kind, number, time)
        for output, correlator in zip(outputs, (late, soon), strict=True):
            is_rtcp = kind in ("rtcp", "back")
            sent = [*correlator.expire(one.time_us)]
            sent += (correlator.correlate if is_rtcp else correlator.learn)(one)
            output.extend(report.correlation_id for report in sent)
        soon.take_news()
        count += kind in ("rtcp", "back")
    for output, correlator in zip(outputs, (late, soon), strict=True):
        output.extend(report.correlation_id for report in correlator.finish())
        assert len(output) == count == correlator.counts.seen
        counts = correlator.counts
        assert sum(counts.matched.values()) + counts.uncorrelated == count

    assert outputs[0] == outputs[1]
