"""Everything that becomes a label value comes from a closed set or a bounded table."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hep.sip import parse
from hepscope_common.metrics import OTHER
from hepscope_metrics_exporter.causes import cause_of
from hepscope_metrics_exporter.log_levels import LEVELS, level_of
from hepscope_metrics_exporter.nodes import NodeLabels
from hepscope_metrics_exporter.recent_keys import PERIOD_US, RecentKeys
from hepscope_metrics_exporter.scanners import SCANNERS, Scanners
from hepscope_metrics_exporter.statuses import status_label
from support.builders import make_request

LINES = {
    '{"level": "warn", "msg": "x"}': "warning",
    '{"msg": "an error", "severity": 6}': "info",
    '{"loglevel":"FATAL"}': "critical",
    '{"level": "strange"}': "unknown",
    " 0(123) ERROR: <core> [core/tcp.c:1]: cannot send": "error",
    " 5(77) WARNING: usrloc": "warning",
    "DBG:core:parse_msg: first line": "debug",
    "[2026-01-01 10:00:00] NOTICE[123]: chan_pjsip.c": "notice",
    "2026-01-01 10:00:00.1 [CRIT] switch_core.c:1": "critical",
    "Jan  1 host kamailio[1]: INFO: up": "info",
    "user=no-error-at-all": "unknown",
    "caller pressed a key": "unknown",
    "": "unknown",
}


@pytest.mark.parametrize(("line", "level"), LINES.items())
def test_levels_of_the_usual_servers(line: str, level: str) -> None:
    """JSON by its keys, text by the first word that is a level."""
    assert level_of(line.encode()) == level


@given(st.binary(max_size=600))
def test_any_bytes_have_a_level_of_the_set(line: bytes) -> None:
    """Log lines are free text."""
    assert level_of(line) in LEVELS


@pytest.mark.parametrize(
    ("agent", "scanner"),
    [
        ("friendly-scanner", "friendly-scanner"),
        ("sipcli/v1.8", "sipcli"),
        ("SIPVicious 0.3.4", "sipvicious"),
        ("VaxSIPUserAgent/3.1", "vaxsipuseragent"),
        ("Asterisk PBX 20.5.0", None),
        ("", None),
    ],
)
def test_scanners_are_told_by_the_name_that_they_ship_with(agent: str, scanner: str | None) -> None:
    """In any case, with or without a version."""
    found = Scanners()
    assert found.find(agent) == found.find(agent) == scanner
    assert scanner is None or scanner in SCANNERS


def test_a_flood_of_agents_is_forgotten_again() -> None:
    """What is remembered has a bound."""
    found = Scanners()
    for number in range(10_000):
        found.find(f"agent {number}")
    assert len(found._remembered) <= 4097


@pytest.mark.parametrize(
    ("header", "cause"),
    [
        ('Reason: Q.850;cause=16;text="Normal"', "16"),
        ("reason: SIP;cause=200, Q.850 ; cause = 31", "31"),
        ("Reason: SIP;cause=487", None),
        ("Reason: Q.850;cause=16,SIP;cause=480", "16"),
        ("Reason: Q.850;cause=999", OTHER),
        ("X-Reason: Q.850;cause=16", None),
    ],
)
def test_the_cause_is_the_number_of_q850(header: str, cause: str | None) -> None:
    """Whatever stands before and behind it."""
    assert cause_of(parse(make_request("BYE", headers=f"{header}\r\n"))) == cause


def test_statuses_are_those_registered() -> None:
    """What a packet says may be any number."""
    assert [status_label(code) for code in (200, 486, 499, 999, None)] == [
        "200", "486", OTHER, OTHER, "none",
    ]  # fmt: skip


def test_nodes_are_as_many_as_there_is_room_for() -> None:
    """A name, else the number; long ones are cut and not remembered."""
    nodes = NodeLabels(max_nodes=2)
    assert nodes.label(b"edge", 1) == "edge"
    assert nodes.label(b"", 7) == "7"
    assert nodes.label(b"third", 1) == OTHER
    assert nodes.label(b"edge" * 100, 1) == OTHER
    assert nodes.label(b"edge", 99) == "edge"
    for number in range(20_000):
        nodes.label(b"", number)
    assert len(nodes._remembered) <= 16_384


def test_a_copy_is_known_for_a_period_and_then_forgotten() -> None:
    """One to two periods, in constant memory."""
    keys = RecentKeys()
    assert keys.is_new("a", PERIOD_US)
    assert not keys.is_new("a", PERIOD_US + 1)
    assert keys.is_new("b", 2 * PERIOD_US)
    assert not keys.is_new("a", 2 * PERIOD_US + 2)
    assert keys.is_new("a", 9 * PERIOD_US)


def test_a_flood_of_keys_is_bounded() -> None:
    """It shortens the memory of all."""
    keys = RecentKeys(max_keys=100)
    for number in range(1000):
        assert keys.is_new(number, 1)
    assert len(keys) <= 200
