"""Call-IDs in the lines of usual software, and by patterns of the user."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hepscope_capture.inputs.counts import LogCounts
from hepscope_capture.inputs.patterns import (
    DEFAULTS,
    SEARCHED_BYTES,
    CallIds,
    parse_pattern,
)
from hepscope_capture.inputs.search_cost import steps_of


def found(line: str, *patterns: str, has_defaults: bool = True) -> str:
    """The Call-ID that is found in a line."""
    own = [parse_pattern(one) for one in patterns]
    return CallIds(own, LogCounts(), has_defaults=has_defaults).find(line.encode()).decode()


@pytest.mark.parametrize(
    ("line", "call_id"),
    [
        (
            (
                "<134>Nov 30 10:00:00 sbc kamailio[7]: INFO: {1 102 INVITE 3c26-x@192.0.2.1}"
                " <script>: routed"
            ),
            "3c26-x@192.0.2.1",
        ),
        ("kamailio[7]: NOTICE: acc [acc.c:279]: call_id=ab-1@x;code=200", "ab-1@x"),
        ("kamailio[7]: INFO: <script>: [INVITE] ci=ab-1@x from alice", "ab-1@x"),
        ("opensips[7]: INFO:core: new call callid: 1-7@192.0.2.1 from 192.0.2.9", "1-7@192.0.2.1"),
        ("rtpengine[7]: INFO: [3c26701a5d1e]: [control] Received command 'offer'", "3c26701a5d1e"),
        ("rtpengine[7]: INFO: [3c26@x port 30010]: [core] Confirmed peer", "3c26@x"),
        ("rtpengine[7]: INFO: [a/b@x]: [control] Received command 'offer'", "a/b@x"),
        ("rtpengine[7]: DEBUG: [3c26@x port  4010]: [core] Confirmed peer", "3c26@x"),
        ("rtpengine[7]: INFO: [3c26@x/as7f1/1 port 30010]: [core] Confirmed peer", "3c26@x"),
        ('rtpengine[7]: INFO: [ID="3c26@x" tag="1"]: [control] Replying', "3c26@x"),
        ("mediaproxy: D=1, ID=NTk2OTZiYjQ4ZjY., src=192.0.2.1", "NTk2OTZiYjQ4ZjY."),
        (
            (
                "asterisk[7]: NOTICE[9]: res_pjsip/pjsip_distributor.c:673 log_failed_request:"
                " Request 'REGISTER' from '<sip:1@x>' failed for '192.0.2.9:5060' (callid: f00-1)"
            ),
            "f00-1",
        ),
        (
            "chan_sip.c: Really destroying SIP dialog '4f2@192.0.2.1:5060' Method: BYE",
            "4f2@192.0.2.1:5060",
        ),
        (
            "<--- Received SIP request --->\nINVITE sip:1@x\r\nCall-ID: a84b4c76e66710\r\n",
            "a84b4c76e66710",
        ),
        (
            (
                "freeswitch[7]: 7f0b5ac4-8e52-4d5e-9f8a-0d9a4d3f4b11 2026-11-30 10:00:00.123456"
                " [NOTICE] switch_channel.c:1118 New Channel sofia/internal/1@x"
            ),
            "7f0b5ac4-8e52-4d5e-9f8a-0d9a4d3f4b11",
        ),
        ("variable_sip_call_id: [af-1@x]", "af-1@x"),
        ('{"level":"info","call_id": "af-1@x","msg":"x"}', "af-1@x"),
        ('{"callId":"af-1@x"}', "af-1@x"),
    ],
)
def test_usual_lines(line: str, call_id: str) -> None:
    """As the software writes them by default."""
    assert found(line) == call_id


@pytest.mark.parametrize(
    "line",
    [
        "sshd[7]: Accepted publickey for root from 192.0.2.9 port 40022 ssh2: RSA SHA256:abc",
        "kamailio[7]: ERROR: <core> [core/tcp_main.c:2868]: tcpconn_connect(): failed",
        "kamailio[7]: ERROR: [core/tcp_main.c:2868]: tcpconn_connect(): failed",
        "kamailio[7]: callid=<null> no such dialog",
        "call_id: null",
        "kernel: [12345.678901] eth0: link up",
        "Call-ID is missing",
        "callid=" + "x" * 300,
        "",
    ],
)
def test_lines_without_one(line: str) -> None:
    """Brackets and colons alone are none."""
    assert found(line) == ""


def test_patterns_of_the_user_come_first() -> None:
    """The named group, or the first one, is the Call-ID."""
    line = "callid=outer conv<inner> x"
    assert found(line) == "outer"
    assert found(line, r"conv<([^>]{1,64})>") == "inner"
    assert found(line, r"(a|c)onv<(?P<call_id>\w+)>") == "inner"
    assert found(line, r"nothing (\d+)") == "outer"
    assert found(line, r"nothing (\d+)", has_defaults=False) == ""


@pytest.mark.parametrize(
    ("pattern", "why"),
    [
        ("", "a pattern of 1 to 500 bytes"),
        ("x" * 501, "a pattern of 1 to 500 bytes"),
        (r"callid=\S+", "needs a group"),
        (r"(.*),(.*),(.*)x", "steps for one line"),
        (r"(a+)+b", "cannot be repeated"),
        (r"(", "no regular expression"),
    ],
)
def test_patterns_that_cannot_be_used_are_told(pattern: str, why: str) -> None:
    """Before a line comes."""
    with pytest.raises(ValueError, match=why):
        parse_pattern(pattern)


def test_a_pattern_that_is_slow_again_and_again_is_used_no_more() -> None:
    """The other inputs have to live, too."""
    counts = LogCounts()
    ticks = iter(range(1000))
    search = CallIds([parse_pattern(r"x(\d+)")], counts, clock=lambda: float(next(ticks)))
    results = [search.find(b"x12") for _ in range(12)]
    assert results == [b"12"] * 10 + [b""] * 2
    assert counts.slow_searches == 10


def test_only_the_beginning_of_a_line_is_searched_by_patterns_of_the_user() -> None:
    """What a search may take rests on it."""
    line = " " * (SEARCHED_BYTES - 3) + "x12345"
    assert found(line, r"x(\d+)", has_defaults=False) == "12"


@given(st.binary(max_size=200))
def test_any_line_has_a_short_id_or_none(line: bytes) -> None:
    """Whatever stands behind the key."""
    call_id = CallIds((), LogCounts()).find(b"callid=" + line)
    assert len(call_id) <= 255
    assert call_id in line


@pytest.mark.parametrize("pattern", DEFAULTS[:2])
def test_our_own_are_bounded_as_we_demand_of_others(pattern: "re.Pattern[bytes]") -> None:
    """Lines come from anybody."""
    assert steps_of(pattern.pattern, 8192) < 100_000_000
