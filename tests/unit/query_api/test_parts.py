"""Message ids, words of a search, hosts, the choice among calls, problems, the text export."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hepscope_common.calls import CallFacts
from hepscope_common.settings import Listen
from hepscope_query_api.calls.filters import call_filters
from hepscope_query_api.calls.parameters import DESCRIBED_FILTERS as CALL_FILTERS
from hepscope_query_api.calls.parameters import choose
from hepscope_query_api.calls.rows import join_orphans
from hepscope_query_api.calls.schemas import Call
from hepscope_query_api.calls.words import parse_words, word_predicate
from hepscope_query_api.export.text import entry, way_of
from hepscope_query_api.messages.filters import MESSAGE_FILTERS
from hepscope_query_api.messages.identity import MessageId, Root, parse_message_id
from hepscope_query_api.messages.parameters import DESCRIBED_FILTERS as MESSAGE_FILTER_NAMES
from hepscope_query_api.messages.schemas import Message
from hepscope_query_api.nodes.endpoints import DESCRIBED_FILTERS as NODE_FILTER_NAMES
from hepscope_query_api.nodes.filters import FILTERS as NODE_FILTERS
from hepscope_query_api.problems import KINDS, Kind, ProblemError
from hepscope_query_api.query.bind import Bind
from hepscope_query_api.query.period import ALWAYS
from hepscope_query_api.registrations.endpoints import DESCRIBED_FILTERS as REGISTRATION_FILTERS
from hepscope_query_api.registrations.filters import registration_filters
from hepscope_query_api.timestamps import from_us, parse_time
from hepscope_query_api.web.hosts import allowed_names, host_of
from hepscope_query_api.web.raw_path import call_id_of

SECOND = 1_000_000


@given(
    st.builds(
        MessageId,
        st.sampled_from(Root),
        st.integers(0, 15),
        st.integers(-(1 << 63), (1 << 63) - 1),
        st.integers(-(1 << 63), (1 << 63) - 1),
    )
)
def test_message_ids_read_back(wanted: MessageId) -> None:
    """23 characters that need no escape in a URL."""
    text = str(wanted)

    assert len(text) == 23
    assert text.replace("-", "").replace("_", "").isalnum()
    assert parse_message_id(text) == wanted


@given(st.text(max_size=30))
def test_any_other_text_is_no_message_id(text: str) -> None:
    """ValueError and nothing else."""
    with pytest.raises(ValueError, match="not a message id"):
        parse_message_id(text)


def test_every_filter_that_is_documented_exists() -> None:
    """Parameters and tables name the same filters, and filters are fields of the items."""
    assert set(CALL_FILTERS) == set(call_filters(from_us(0)))
    assert set(MESSAGE_FILTER_NAMES) == set(MESSAGE_FILTERS)
    assert set(REGISTRATION_FILTERS) == set(registration_filters(from_us(0)))
    assert set(NODE_FILTER_NAMES) == set(NODE_FILTERS)
    assert set(CALL_FILTERS) == set(Call.model_fields)
    assert set(MESSAGE_FILTER_NAMES) <= set(Message.model_fields)


def test_every_kind_of_problem_is_explained() -> None:
    """The table is complete, with client errors below 500."""
    assert set(KINDS) == set(Kind)
    assert all(row.title and row.meaning for row in KINDS.values())


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("4930", ["%4930%", "4930"]),
        ("4930*", ["4930%", "4930*"]),
        ("50%", [r"%50\%%", "50%"]),
        ("alice@Example", ["%alice%", "%Example%", "alice@Example"]),
        ("sip:alice@x", ["%alice%", "%x%", "sip:alice@x"]),
        ("10.0.0.5:5060", ["%10.0.0.5:5060%", "10.0.0.5:5060", "10.0.0.5", 5060, "10.0.0.5", 5060]),
        ("10.0.0.0/8", ["%10.0.0.0/8%", "10.0.0.0/8", "10.0.0.0/8", "10.0.0.0/8"]),
    ],
)
def test_a_word_means_party_call_id_or_address(text: str, values: list[object]) -> None:
    """The values bound for a word, in order."""
    bind = Bind()
    (word,) = parse_words(f"  {text}\t")
    word_predicate(word, bind)

    assert bind.values == values


@given(st.text(max_size=40))
def test_any_text_is_words_or_refused_at_a_position(text: str) -> None:
    """The position lies in the text."""
    try:
        words = parse_words(text)
    except ProblemError as error:
        position = error.members["position"]
        assert isinstance(position, int)
        assert 0 <= position <= len(text)
        return
    assert len(words) == len(text.split())


@pytest.mark.parametrize(
    ("header", "host"),
    [
        ("localhost", "localhost"),
        ("LocalHost:9080", "localhost"),
        ("localhost.", "localhost"),
        ("127.0.0.1:1", "127.0.0.1"),
        ("[::1]:9080", "::1"),
        ("[::1]", "::1"),
        ("::1", "::1"),
        ("localhost:x", "localhost:x"),
        ("", ""),
    ],
)
def test_the_host_of_a_header(header: str, host: str) -> None:
    """Without port, brackets, final dot; lower case."""
    assert host_of(header) == host


def test_allowed_names_are_local_listened_at_and_set() -> None:
    """Whatever is set may also carry a port."""
    names = allowed_names([Listen(host="10.0.0.1", port=1)], ["SIP.example.net:443"])

    assert names == {"localhost", "127.0.0.1", "::1", "10.0.0.1", "sip.example.net"}


@pytest.mark.parametrize(
    ("segment", "call_id"),
    [
        ("a%2Fb%3Fc%23", "a/b?c#"),
        ("a+b@c", "a+b@c"),
        ("%25", "%"),
        ("%", "%"),
        ("%zz", "%zz"),
        ("%ff", "\ufffd"),
        ("..%20", ".."),
        ("a%00b", "a\ufffdb"),
    ],
)
def test_a_path_segment_is_decoded_as_the_call_id_is_stored(segment: str, call_id: str) -> None:
    """Broken UTF-8 and NUL become what they are in the database."""
    assert call_id_of(segment) == call_id


def call(start: int, end: int, *, initial: bool = True) -> CallFacts:
    """Return a call of some seconds."""
    return CallFacts("c1", start * SECOND, end * SECOND, start, flags=int(initial))


def test_at_chooses_the_call_under_way_or_the_nearest() -> None:
    """The newest without it; the periods of the calls meet without gap."""
    records = [call(100, 200), call(1000, 1100), call(5000, 5001)]
    chosen = {
        None: 2,
        "1970-01-01T00:02:30Z": 0,
        "1970-01-01T00:04:00Z": 0,
        "1970-01-01T00:16:40Z": 1,
        "1970-01-01T01:00:00Z": 2,
        "2026-01-01T00:00:00Z": 2,
    }
    for at, index in chosen.items():
        found = choose(records, at)
        assert found is not None
        assert found.call is records[index]
        assert len(found.others) == 2
    periods = [choose(records, f"1970-01-01T00:{m}:00Z") for m in ("02", "17")]
    assert periods[0] is not None
    assert periods[1] is not None
    assert periods[0].period.start_us == ALWAYS.start_us
    assert periods[0].period.end_us == periods[1].period.start_us == 1000 * SECOND
    assert choose([], None) is None


def test_orphans_join_the_call_before_them() -> None:
    """One that nothing precedes stands alone."""
    records = [call(1, 2, initial=False), call(10, 20), call(30, 40, initial=False), call(90, 91)]

    joined = join_orphans(records)

    assert [(one.started_us // SECOND, one.last_us // SECOND) for one in joined] == [
        (1, 2),
        (10, 40),
        (90, 91),
    ]


@given(st.binary(max_size=200), st.text(max_size=20))
def test_no_control_character_leaves_the_text_export(payload: bytes, node: str) -> None:
    """Only line ends and tabs are as they were; the end is always an empty line."""
    text = entry(parse_time("2026-01-01T00:00:00Z"), way_of(("", 0), ("", 0)), "udp", node, payload)

    controls = {char for char in text if ord(char) < 32 or 127 <= ord(char) < 160}
    assert controls <= set("\r\n\t")
    assert not set(text) & set("\u202a\u202e\u2066\u2069")
    assert text.endswith("\n\n\n")
    assert text.startswith("2026-01-01 00:00:00.000000Z unknown -> unknown udp")
