"""Log lines as messages: type, Call-ID, time and what is counted."""

import socket
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hepscope_capture.decode.datagrams import Datagram
from hepscope_capture.inputs.counts import LogCounts
from hepscope_capture.inputs.log_lines import LogLines
from hepscope_capture.inputs.log_time import time_of
from hepscope_capture.inputs.plans import LogPlan

ARRIVED_US = 1_795_424_000_000_000
"""2026-11-23 08:53:20 UTC."""

ENDS = (17, socket.inet_aton("192.0.2.1"), 40000, socket.inet_aton("192.0.2.2"), 514)
LINE = b"<134>Nov 23 08:53:19 sbc kamailio[7]: INFO: callid=abc@x ok"
OFF_THE_WIRE = Datagram(ARRIVED_US, 17, ENDS[1], 40000, ENDS[3], 514, LINE, vlan=7)


def lines(**plan: object) -> LogLines:
    """Lines by a plan."""
    return LogLines(LogPlan(**plan), LogCounts())  # type: ignore[arg-type]


def test_a_line_with_a_call_id() -> None:
    """It becomes the correlation id; the line's end is no part of it."""
    made = lines()
    message = made.message_of(LINE + b"\r\n\0", ARRIVED_US, ENDS)
    assert message == Datagram(ARRIVED_US, *ENDS, LINE, kind=100, correlation_id=b"abc@x")
    assert (made.counts.received, made.counts.with_call_id, made.counts.sent) == (1, 1, 1)


@pytest.mark.parametrize("needs", [True, False])
def test_a_line_without_one(*, needs: bool) -> None:
    """Sent or not, and counted."""
    made = lines(needs_call_id=needs)
    message = made.message_of(b"<13>hello", ARRIVED_US, ENDS)
    assert (message is None) == needs
    assert (made.counts.without_call_id, made.counts.sent) == (1, int(not needs))


def test_a_blank_line_is_none() -> None:
    """Even where lines without a Call-ID are sent."""
    made = lines(needs_call_id=False)
    assert made.message_of(b" \r\n", ARRIVED_US, ENDS) is None
    assert (made.counts.empty, made.counts.sent) == (1, 0)


def test_a_long_line_is_cut_and_says_so() -> None:
    """Never in silence."""
    made = lines(line_bytes=20, needs_call_id=False)
    message = made.message_of(b"x" * 21, ARRIVED_US, ENDS)
    assert message is not None
    assert (message.payload, message.is_cut, made.counts.cut) == (b"x" * 20, True, 1)


def test_syslog_off_the_wire() -> None:
    """It is told by its priority, 0 to 191."""
    made = lines()
    assert made.log_of(OFF_THE_WIRE) == replace(OFF_THE_WIRE, kind=100, correlation_id=b"abc@x")
    for payload in (b"hello", b"<192>x", b"<>x", b""):
        assert made.log_of(replace(OFF_THE_WIRE, payload=payload)) is None
    assert (made.counts.received, made.counts.not_syslog) == (1, 4)


@pytest.mark.parametrize(
    ("line", "offset_us"),
    [
        (b"<165>1 2026-11-23T08:53:19.000003Z host app 1 - - text", -999_997),
        (b"<165>1 2026-11-23T09:53:19.5+01:00 host app 1 - - text", -500_000),
        (b"2026-11-23T08:53:20.123456789+00:00 host app[1]: text", 123_456),
        (b"2026-11-23 08:53:18Z host app[1]: text", -2_000_000),
        (b"<165>1 2026-11-16T08:53:21Z host app 1 - - a week", -604_799_000_000),
        (b"<165>1 2026-11-15T08:53:19Z host app 1 - - longer", 0),
        (b"<165>1 2026-11-23T08:53:31Z host app 1 - - to come", 0),
        (b"<165>1 2026-02-30T08:53:19Z host app 1 - - no day", 0),
        (b"<165>1 2026-11-23T08:53:19.5+24:60 host app - - no zone", 0),
        (b"<165>1 2026-11-23T08:53:19 host app 1 - - no zone", 0),
        (b"<34>Nov 23 08:53:19 host su: text", 0),
        (b"<165>1 - host app 1 - - text", 0),
        (b"", 0),
    ],
)
def test_when_a_line_was_written(line: bytes, offset_us: int) -> None:
    """Its own time where it is beyond doubt, else the arrival."""
    assert time_of(line, ARRIVED_US) - ARRIVED_US == offset_us


@given(st.lists(st.binary(max_size=300), max_size=8), st.booleans())
def test_any_line_ends_in_one_count(texts: list[bytes], needs: bool) -> None:
    """Nothing raises, and nothing disappears."""
    made = lines(needs_call_id=needs, line_bytes=100)
    messages = [made.message_of(text, ARRIVED_US, ENDS) for text in texts]
    counts = made.counts
    assert counts.sent == sum(message is not None for message in messages)
    refused = counts.without_call_id if needs else 0
    assert counts.received == len(texts) == counts.sent + counts.empty + refused
    assert all(len(message.payload) <= 100 for message in messages if message is not None)
