"""The small rules of admission: networks, keys, methods, types, patterns, fields, duplicates."""

import ipaddress
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hepscope_common.rules.dedup import GENERATION_US, Deduplicator
from hepscope_common.rules.methods import Methods, discarded, methods_of
from hepscope_common.rules.networks import PeerNetworks
from hepscope_common.runtime import StartupError
from hepscope_common.settings import Settings, load
from hepscope_ingest.peers import pack_endpoint
from hepscope_ingest.rules.fields import FieldRule, FieldRules, Subject, parse_field_rule
from hepscope_ingest.rules.keys import NodeKey, NodeKeys
from hepscope_ingest.rules.patterns import MAX_FIELD, compile_pattern, matches
from hepscope_ingest.settings import IngestSettings
from support.builders import make_request, make_response

MS = 1000


class Process(Settings):
    """A process that has ingest only."""

    ingest: IngestSettings = IngestSettings()


def address(text: str) -> bytes:
    """Pack an address as an endpoint has it."""
    return pack_endpoint(text, 0)[:-2]


@pytest.mark.parametrize(
    ("peer", "may"),
    [
        ("10.1.2.3", True),
        ("10.9.0.1", False),
        ("11.0.0.1", False),
        ("::ffff:10.1.2.3", True),
        ("2001:db8::5", True),
        ("2001:db9::5", False),
        ("192.0.2.7", True),
    ],
)
def test_networks_of_both_families_decide(peer: str, may: bool) -> None:
    """Denied goes before allowed; a mapped address is an IPv4 one."""
    allowed = [ipaddress.ip_network(one) for one in ("10.0.0.0/8", "2001:db8::/32", "192.0.2.7")]
    rule = PeerNetworks(allowed, [ipaddress.ip_network("10.9.0.0/16")])
    assert rule.allow(address(peer)) is may


def test_without_allowed_networks_all_others_may_send() -> None:
    """A denied list alone keeps out what it names."""
    rule = PeerNetworks([], [ipaddress.ip_network("0.0.0.0/0")])
    assert not rule.allow(address("192.0.2.1"))
    assert rule.allow(address("2001:db8::1"))


@pytest.mark.parametrize(
    ("name", "number", "key", "may"),
    [
        (b"kam1", 0, b"old", True),
        (b"kam1", 0, b"new", True),
        (b"kam1", 0, b"general", False),
        (b"kam1", 0, None, False),
        (b"", 7, b"seven", True),
        (b"evil", 7, b"general", False),
        (b"kam1", 7, b"seven", False),
        (b"other", 8, b"general", True),
        (b"other", 8, None, False),
    ],
)
def test_a_node_is_held_to_its_own_keys(
    name: bytes, number: int, key: bytes | None, may: bool
) -> None:
    """By name, else by number; the general keys are for all others."""
    pairs = [NodeKey("kam1", "old"), NodeKey("kam1", "new"), NodeKey("7", "seven")]
    assert NodeKeys(pairs).allow(name, number, key, [b"general"]) is may


def test_a_node_that_is_not_listed_needs_no_key_where_there_are_no_others() -> None:
    """Keys of single nodes do not shut out the rest."""
    assert NodeKeys([NodeKey("kam1", "k")]).allow(b"other", 1, None, [])


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        (make_request("OPTIONS"), Methods("OPTIONS", "OPTIONS", "request")),
        (make_response(200, "OK", "OPTIONS"), Methods("", "OPTIONS", "2xx")),
        (b"options sip:a SIP/2.0\r\n\r\nCSeq: 1 NOTIFY\r\n", Methods("OPTIONS", "", "request")),
        (b"\r\n\r\nSIP/2.0 100 T\r\ncseq :\r\n  7\r\n\tNOTIFY\r\n", Methods("", "NOTIFY", "1xx")),
        (b"SIP/2.0 200 OK\nCSeq:1 BYE\n\n", Methods("", "BYE", "2xx")),
        (b"\x00\xff", Methods("", "", "unknown")),
        (b"", Methods("", "", "unknown")),
    ],
)
def test_methods_are_read_from_start_line_and_cseq(payload: bytes, expected: Methods) -> None:
    """Of the header section only; folded and in any case."""
    assert methods_of(payload) == expected


def test_answers_are_discarded_with_their_requests() -> None:
    """An INVITE that says OPTIONS in CSeq is one too: it is found there by everyone else."""
    unwanted = frozenset({"OPTIONS"})
    assert discarded(Methods("OPTIONS", "OPTIONS", "request"), unwanted) == "OPTIONS"
    assert discarded(Methods("", "OPTIONS", "2xx"), unwanted) == "OPTIONS"
    assert discarded(Methods("INVITE", "INVITE", "request"), unwanted) == ""
    assert discarded(Methods("", "", "unknown"), unwanted) == ""


@pytest.mark.parametrize(
    ("pattern", "text", "found"),
    [
        ("^anonymous$", "Anonymous", True),
        ("friendly-scanner|sipvicious|sipcli", "my SIPVicious 1", True),
        (r"^\+?49(30|40)\d{3,12}$", "+4930123456", True),
        (r"^\+?49(30|40)\d{3,12}$", "+4950123456", False),
        ("^49.*30.*$", "4912301", True),
        ("[(]a?[)]", "x()", True),
        ("x", "y" * MAX_FIELD + "x", False),
    ],
)
def test_patterns_are_found_anywhere_and_blind_to_case(
    pattern: str, text: str, found: bool
) -> None:
    """In the first characters of a field."""
    assert matches(compile_pattern(pattern), text) is found


@pytest.mark.parametrize(
    "pattern",
    [
        "",
        "(",
        "*a",
        "(a+)+b",
        "(a|a)*b",
        "(?:a?)*",
        ".*a.*b.*c",
        "a{1,999}b{1,99}c",
        "a?" * 30 + "a" * 30,
        "(a|a)" * 20,
        r"(a)\1",
        "(?=a)",
        "(?i)a",
        "a" * 1000,
    ],
)
def test_a_pattern_that_is_wrong_or_could_be_slow_is_refused(pattern: str) -> None:
    """With a text, not by a hang."""
    with pytest.raises(ValueError, match="pattern"):
        compile_pattern(pattern)


@pytest.mark.parametrize("pattern", ["a*a*$", "^a*a*b", ".*b", "a*b", "a?a?a?a?b", "^.*.*b"])
def test_hostile_text_costs_little(pattern: str) -> None:
    """The dearest patterns allowed, and text made for them."""
    try:
        compiled = compile_pattern(pattern)
    except ValueError:
        return
    begun = time.process_time()
    assert not matches(compiled, "a" * 100_000 + "c") or pattern == "a*a*$"
    # What is quadratic takes many seconds; another thread or the collector may take a part of one.
    assert time.process_time() - begun < 3.0


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet="ab()[]{}|*+?^$\\.,019-:", max_size=12), st.text("ab01", max_size=200))
def test_any_text_is_a_pattern_or_an_error(pattern: str, text: str) -> None:
    """And what is a pattern ends."""
    try:
        compiled = compile_pattern(pattern)
    except ValueError:
        return
    matches(compiled, text)


def subject(payload: bytes = b"", *, is_sip: bool = True, node: str = "n1") -> Subject:
    """Make what rules look at."""
    places = {"source": address("10.0.0.1"), "destination": address("2001:db8::1"), "peer": b""}
    return Subject(payload, is_sip, node, places)


def rule(text: str) -> FieldRule:
    """Read a rule."""
    made = parse_field_rule(text)
    assert isinstance(made, FieldRule)
    return made


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("from_user=^ali", True),
        ("from_user=bob", False),
        ("to_user=^bob$", True),
        ("ruri_domain=example", True),
        ("from_domain=example.org", True),
        ("to_domain=example.net", False),
        ("ruri_user=bob", True),
        ("user_agent=^builder/", True),
        ("method=^INVITE$", True),
        ("call_id=^call-1@", True),
        ("node=^n1$", True),
        ("node=n2", False),
        ("source=10.0.0.0/8", True),
        ("source=2001:db8::/32", False),
        ("destination=2001:db8::/32", True),
        ("peer=0.0.0.0/0", False),
    ],
)
def test_a_rule_looks_at_its_field(text: str, found: bool) -> None:
    """Each field of the list."""
    assert rule(text).matches(subject(make_request())) is found


def test_keep_lets_pass_what_its_rules_do_not_apply_to() -> None:
    """A rule on SIP says nothing of a media report; drop goes before keep."""
    keep = FieldRules([], [rule("from_user=^alice$")])
    assert keep.allow(subject(make_request()))
    assert not keep.allow(subject(make_request(from_user="eve")))
    assert keep.allow(subject(b"{}", is_sip=False))
    both = FieldRules([rule("source=10.0.0.1")], [rule("from_user=^alice$")])
    assert not both.allow(subject(make_request()))


def test_a_copy_within_the_window_is_a_duplicate() -> None:
    """In either order of arrival; a repetition on purpose is none."""
    dedup = Deduplicator(100 * MS)
    assert not dedup.is_duplicate("a", 1_000 * MS, 1_000 * MS)
    assert dedup.is_duplicate("a", 1_100 * MS, 1_101 * MS)
    assert dedup.is_duplicate("a", 900 * MS, 1_102 * MS)
    assert not dedup.is_duplicate("b", 1_000 * MS, 1_103 * MS)
    assert not dedup.is_duplicate("a", 1_500 * MS, 1_500 * MS)
    assert dedup.is_duplicate("a", 1_510 * MS, 1_511 * MS)


def test_a_copy_that_arrives_late_is_still_one() -> None:
    """Over the change of generations."""
    dedup = Deduplicator(100 * MS)
    dedup.is_duplicate("a", 0, 10)
    later = GENERATION_US + 200 * MS
    assert not dedup.is_duplicate("b", later, later)
    assert dedup.is_duplicate("a", 5, later + 1)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 500), st.integers(0, 10**8)), max_size=300))
def test_the_memory_of_duplicates_is_bounded(seen: list[tuple[int, int]]) -> None:
    """Whatever times are told, clocks that go back too."""
    dedup = Deduplicator(1000, max_remembered=16)
    for key, now_us in seen:
        dedup.is_duplicate(key, now_us, now_us)
        assert len(dedup) <= 32


def test_rules_are_read_from_the_environment() -> None:
    """Lists by comma, in a section of their own."""
    made = load(
        Process,
        environ={
            "HEPSCOPE_INGEST__RULES__DISCARD_METHODS": "options, NOTIFY",
            "HEPSCOPE_INGEST__RULES__ALLOWED_TYPES": "sip,100",
            "HEPSCOPE_INGEST__RULES__NODE_KEYS": "kam1=a=b,kam1=c",
            "HEPSCOPE_INGEST__RULES__ALLOWED_NETWORKS": "10.0.0.0/8,::1",
            "HEPSCOPE_INGEST__RULES__DROP": "user_agent=scanner,source=192.0.2.0/24",
        },
    ).ingest.rules
    assert made.discard_methods == ("OPTIONS", "NOTIFY")
    assert made.allowed_types == (1, 100)
    assert made.node_keys == (NodeKey("kam1", "a=b"), NodeKey("kam1", "c"))
    assert [str(network) for network in made.allowed_networks] == ["10.0.0.0/8", "::1/128"]
    assert [str(one) for one in made.drop] == ["user_agent=scanner", "source=192.0.2.0/24"]


@pytest.mark.parametrize(
    ("key", "text", "told"),
    [
        ("DROP", "from_user=(a+)+b", "ingest.rules.drop.0: .*group cannot be repeated"),
        ("KEEP", "colour=red", "ingest.rules.keep.0: .*expected field=pattern"),
        ("DROP", "source=10.0.0.1/8", "ingest.rules.drop.0: .*host bits"),
        ("ALLOWED_NETWORKS", "10.0.0.300", "ingest.rules.allowed_networks.0: .*network"),
        ("DENIED_TYPES", "sip,smtp", "ingest.rules.denied_types.1: expected a number"),
        ("DISCARD_METHODS", "NO WAY", "ingest.rules.discard_methods.0"),
        ("MASK_CREDENTIAL_USERNAMES", "true", "needs mask_credentials"),
        ("DEDUP_MS", "-1", "ingest.rules.dedup_ms"),
    ],
)
def test_a_wrong_rule_ends_the_start_by_its_name(key: str, text: str, told: str) -> None:
    """Rather than a rule that nobody knows does not work."""
    with pytest.raises(StartupError, match=told):
        load(Process, environ={f"HEPSCOPE_INGEST__RULES__{key}": text})


def test_a_wrong_key_is_not_shown() -> None:
    """Not in the error, not in what settings look like."""
    with pytest.raises(StartupError) as caught:
        load(Process, environ={"HEPSCOPE_INGEST__RULES__NODE_KEYS": "sesame"})
    assert "sesame" not in str(caught.value)
    assert "sesame" not in repr(NodeKey("kam1", "sesame"))
