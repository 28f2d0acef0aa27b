"""Rules on messages: what is refused, why, and what is let through as it is."""

import ipaddress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hepscope_capture.decode.datagrams import Datagram
from hepscope_capture.rules.limits import MOST_SOURCES
from hepscope_capture.rules.plan import MaskPlan, RulePlan
from hepscope_capture.rules.rules import Rules
from hepscope_common.rules.networks import Network
from support.builders import BASE_US, make_request, make_response

RTCP_JSON, LOG = 5, 100
A, B, C = (
    ipaddress.ip_address(text).packed for text in ("192.0.2.1", "198.51.100.7", "2001:db8::1")
)


def message(
    payload: bytes = b"",
    *,
    time_us: int = BASE_US,
    source: bytes = A,
    destination: bytes = B,
    ports: tuple[int, int] = (5060, 5070),
    kind: int = 1,
) -> Datagram:
    """Return a message between two addresses."""
    payload = payload or make_request()
    return Datagram(time_us, 17, source, ports[0], destination, ports[1], payload, kind=kind)


def nets(*texts: str) -> tuple[Network, ...]:
    """Return networks."""
    return tuple(map(ipaddress.ip_network, texts))


def refusals(plan: RulePlan, *messages: Datagram) -> list[str]:
    """Return the reason of each message that is refused, "" for one that passes untouched."""
    rules, reasons = Rules.compile(plan), []
    for one in messages:
        before = dict(rules.counts)
        passed = rules.apply(one)
        assert passed is None or passed is one
        changed = [reason for reason, count in rules.counts.items() if count != before[reason]]
        assert len(changed) == (passed is None)
        reasons.append("".join(changed))
    return reasons


def test_nothing_set_is_trivial() -> None:
    """The fast path may skip it."""
    assert Rules.compile(RulePlan()).is_trivial
    assert not Rules.compile(RulePlan(rate_limit=1)).is_trivial
    assert not Rules.compile(RulePlan(masks=MaskPlan(dtmf=True))).is_trivial


def test_methods_go_with_their_answers() -> None:
    """By CSeq, in any case; a list that takes leaves everything else out."""
    invite, ok = message(make_request("INVITE")), message(make_response(200, "OK", "INVITE"))
    options, answer = message(make_request("OPTIONS")), message(make_response(200, "", "OPTIONS"))
    odd = message(make_request("options"))
    plan = RulePlan(exclude_methods=frozenset({"OPTIONS"}))
    assert refusals(plan, invite, ok, options, answer, odd) == ["", "", *["method"] * 3]
    plan = RulePlan(methods=frozenset({"OPTIONS"}))
    assert refusals(plan, invite, ok, options, answer) == ["method", "method", "", ""]
    allowed = message(make_request("INVITE", headers="Allow: INVITE, OPTIONS\r\n"))
    assert refusals(RulePlan(exclude_methods=frozenset({"OPTIONS"})), allowed) == [""]


def test_what_is_no_sip_has_no_method() -> None:
    """RTCP and log lines pass the rules on methods and users."""
    plan = RulePlan(methods=frozenset({"INVITE"}), users=("nobody",), options_one_in=9)
    rtcp, log = message(b'{"ssrc":1}', kind=RTCP_JSON), message(b"a line", kind=LOG)
    assert refusals(plan, rtcp, log) == ["", ""]


@pytest.mark.parametrize(
    ("plan", "expected"),
    [
        ({"addresses": nets("192.0.2.0/24")}, ["", "", "address"]),
        ({"exclude_addresses": nets("198.51.100.7")}, ["address", "address", ""]),
        ({"sources": nets("192.0.2.1")}, ["", "address", "address"]),
        ({"exclude_sources": nets("192.0.2.1")}, ["address", "", ""]),
        ({"destinations": nets("2001:db8::/32")}, ["address", "address", ""]),
        ({"exclude_destinations": nets("2001:db8::/32", "192.0.2.1")}, ["", "address", "address"]),
        ({"sources": nets("0.0.0.0/0"), "exclude_sources": nets("192.0.2.1")},
         ["address", "", "address"]),
        ({"exclude_ports": frozenset({5070})}, ["port", "port", "port"]),
        ({"exclude_ports": frozenset({5071})}, ["", "", ""]),
    ],
)  # fmt: skip
def test_places(plan: dict[str, Any], expected: list[str]) -> None:
    """From A to B, back, and of IPv6."""
    there, back = message(), message(source=B, destination=A, ports=(5070, 5060))
    six = message(source=C, destination=C)
    assert refusals(RulePlan(**plan), there, back, six) == expected


def test_what_has_no_address_is_refused_by_none() -> None:
    """HEP of other agents may come without."""
    plan = RulePlan(addresses=nets("10.0.0.0/8"), exclude_sources=nets("0.0.0.0/0"))
    assert refusals(plan, message(source=b"", destination=b"")) == [""]


@pytest.mark.parametrize(
    ("plan", "is_taken"),
    [
        ({"users": ("al*",)}, True),
        ({"users": ("ALICE",)}, True),
        ({"users": ("x", "+49*", "?ob")}, True),
        ({"users": ("lice",)}, False),
        ({"users": ("alic?e",)}, False),
        ({"exclude_users": ("b?b",)}, False),
        ({"exclude_users": ("carol",)}, True),
        ({"from_users": ("bob",)}, False),
        ({"to_users": ("bob",)}, True),
        ({"exclude_from_users": ("bob",)}, True),
        ({"exclude_to_users": ("bob",)}, False),
        ({"users": ("alice",), "exclude_to_users": ("bob",)}, False),
        ({"users": ("[ab]lice",)}, False),
    ],
)
def test_users(plan: dict[str, Any], is_taken: bool) -> None:
    """Alice calls Bob."""
    request = message(make_request(from_user="alice", to_user="bob"))
    assert refusals(RulePlan(**plan), request) == ["" if is_taken else "user"]


def test_escaped_users_count_as_what_they_stand_for() -> None:
    """A plus may be written %2B."""
    request = message(make_request(from_user="%2B4930123"))
    assert refusals(RulePlan(from_users=("+4930*",)), request) == [""]


def test_payloads() -> None:
    """Of several that must occur all, of several that must not none; RTCP's text is ours."""
    request = message(make_request(from_user="alice"))
    rtcp = message(b"{}", kind=RTCP_JSON)
    assert refusals(RulePlan(include_payload=(b"alice", b"bob")), request, rtcp) == ["", ""]
    assert refusals(RulePlan(include_payload=(b"alice", b"carol")), request) == ["payload"]
    assert refusals(RulePlan(exclude_payload=(b"x-not", b"builder/1")), request) == ["payload"]


def test_copies_of_a_mirror() -> None:
    """Within the window and between the same ends; a retransmission is none, nor is its copy."""
    plan = RulePlan(dedup_ms=400)
    times = (0, 3_000, 500_000, 503_000)
    copies = [message(time_us=BASE_US + time) for time in times]
    assert refusals(plan, *copies) == ["", "duplicate", "", "duplicate"]
    others = [message(), message(ports=(5061, 5070)), message(source=B, destination=A)]
    assert refusals(plan, *others, message(make_response(200))) == ["", "", "", ""]
    lines = [message(b"again", kind=LOG), message(b"again", kind=LOG)]
    assert refusals(plan, *lines) == ["", ""]


def test_what_another_rule_refuses_is_not_remembered() -> None:
    """Its copy is refused for the same reason, not as a copy of something that nobody has."""
    plan = RulePlan(dedup_ms=400, exclude_methods=frozenset({"INVITE"}))
    assert refusals(plan, message(), message()) == ["method", "method"]


def test_a_sample_of_options_keeps_exchanges_whole() -> None:
    """About one Call-ID in so many, request and answer alike; nothing else is left out."""
    plan = RulePlan(options_one_in=10)
    kept = 0
    for at in range(1000):
        call_id = f"keepalive-{at}@example.org"
        pair = (
            message(make_request("OPTIONS", call_id)),
            message(make_response(200, "OK", "OPTIONS", call_id)),
            message(make_request("INVITE", call_id)),
        )
        first, answer, invite = refusals(plan, *pair)
        assert first == answer
        assert invite == ""
        kept += first == ""
    assert 60 < kept < 140


def test_a_rate_of_all_in_packet_time() -> None:
    """As many at once as in a second, then one for each part of it."""
    plan = RulePlan(rate_limit=10)
    burst = [message(source=bytes([10, 0, 0, at]), time_us=BASE_US) for at in range(12)]
    later = [message(time_us=BASE_US + 200_000) for _ in range(3)]
    assert refusals(plan, *burst, *later) == [
        *[""] * 10, "rate_limit", "rate_limit", "", "", "rate_limit"
    ]  # fmt: skip


def test_a_rate_of_each_source() -> None:
    """One that floods takes nothing of the others' allowance."""
    plan = RulePlan(rate_limit=100, rate_limit_source=5)
    flood = [message(source=A) for _ in range(50)]
    others = [message(source=B) for _ in range(5)]
    assert refusals(plan, *flood, *others) == [*[""] * 5, *["rate_limit_source"] * 45, *[""] * 5]


def test_disorder_earns_nothing() -> None:
    """Interfaces that are read in turns show times that go to and fro."""
    plan = RulePlan(rate_limit=10)
    times = [BASE_US + (at % 2) * 900_000 for at in range(200)]
    taken = refusals(plan, *(message(time_us=time) for time in times)).count("")
    assert taken <= 20


def test_a_former_time_is_another_capture() -> None:
    """Files may be read in any order."""
    plan = RulePlan(rate_limit=1)
    times = (BASE_US, BASE_US - 60_000_000, BASE_US - 58_000_000)
    assert refusals(plan, *(message(time_us=time) for time in times)) == ["", "rate_limit", ""]


def test_sources_are_bounded() -> None:
    """The one that was silent longest is forgotten, and begins anew."""
    plan = RulePlan(rate_limit_source=1)
    rules = Rules.compile(plan)
    assert rules.apply(message(source=A)) is not None
    assert rules.apply(message(source=A)) is None
    for at in range(MOST_SOURCES):
        rules.apply(message(b"x", source=at.to_bytes(16, "big"), kind=LOG))
    assert rules.apply(message(source=A)) is not None


@given(payload=st.binary(max_size=300), kind=st.sampled_from([1, 5, 100, 0]))
def test_any_bytes_are_judged(payload: bytes, kind: int) -> None:
    """No payload raises anything."""
    plan = RulePlan(
        methods=frozenset({"INVITE"}),
        users=("*a*b*",),
        sources=nets("192.0.2.0/24"),
        exclude_payload=(b"\0\0",),
        dedup_ms=100,
        rate_limit=1000,
        options_one_in=2,
    )
    rules = Rules.compile(plan)
    one = Datagram(BASE_US, 17, A, 1, B, 2, payload, kind=kind)
    assert rules.apply(one) in (one, None)
