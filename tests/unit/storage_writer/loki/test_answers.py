"""Loki's answers: what is stored, what is refused for good, what to try again."""

import json

import pytest

from hepscope_storage_writer.loki.answers import Refused, Verdict, read_answer

OLD = (
    'entry for stream \'{{job="hepscope", node="a; b"}}\' has timestamp too old:'
    " 2026-11-{day}T00:00:00Z, oldest acceptable timestamp is: 2026-11-23T00:00:00Z"
)
LONG = "max entry size '262144' bytes exceeded for stream '{}' while adding an entry with length"
BEHIND = (
    "entry with timestamp 2026-11-30 00:00:00 +0000 UTC ignored, reason: 'entry too far behind,"
    " entry timestamp is: 2026-11-30T00:00:00Z, oldest acceptable timestamp is: x',\n"
)


def test_204_alone_is_an_acknowledgement() -> None:
    """A page that answers 200 is no Loki, and takes no lines."""
    assert read_answer(204, "").verdict is Verdict.ACCEPTED
    assert read_answer(200, "<html>hello").verdict is Verdict.DENIED


def test_one_error_has_no_count() -> None:
    """As Loki writes it."""
    answer = read_answer(400, OLD.format(day="01"))
    assert answer.verdict is Verdict.PARTLY
    assert answer.refused == {Refused.TOO_OLD: 1}


def test_errors_are_counted_by_reason() -> None:
    """Different texts of one reason add up; a label may hold the separator."""
    text = "; ".join(
        [
            f"3 errors like: {OLD.format(day='01')}",
            f"4 errors like: {OLD.format(day='02')}",
            f"1 errors like: {LONG.format('{a=1}')} '300000' bytes",
        ]
    )
    answer = read_answer(400, text)
    assert answer.verdict is Verdict.PARTLY
    assert answer.refused == {Refused.TOO_OLD: 7, Refused.LINE_TOO_LONG: 1}


def test_an_ingester_tells_how_many_it_ignored() -> None:
    """It lists ten of them, and their number at the end."""
    text = BEHIND * 10 + "user 'fake', total ignored: 57 out of 100 for stream: {job=\"x\"}"
    answer = read_answer(400, text)
    assert answer.verdict is Verdict.PARTLY
    assert answer.refused == {Refused.TOO_FAR_BEHIND: 57}


def test_metadata_that_is_not_allowed_refuses_everything() -> None:
    """It is not the lines' fault."""
    text = (
        "5 errors like: stream '{}' includes structured metadata, but this feature is disallowed."
    )
    assert read_answer(400, text).verdict is Verdict.PLAIN


@pytest.mark.parametrize(
    "text",
    [
        "",
        "couldn't parse labels: 1:2: unexpected",
        "tenant ID contains unsupported character",
        "nginx",
    ],
)
def test_a_400_that_names_no_line_stores_nothing(text: str) -> None:
    """So that nothing may be given up for it at once."""
    assert read_answer(400, text).verdict is Verdict.UNCLEAR


@pytest.mark.parametrize(
    ("status", "verdict"),
    [
        (413, Verdict.TOO_LARGE),
        (429, Verdict.BUSY),
        (408, Verdict.AWAY),
        (500, Verdict.AWAY),
        (503, Verdict.AWAY),
        (301, Verdict.DENIED),
        (401, Verdict.DENIED),
        (403, Verdict.DENIED),
        (404, Verdict.DENIED),
    ],
)
def test_other_answers_take_no_line(status: int, verdict: Verdict) -> None:
    """Whatever they say."""
    answer = read_answer(status, "has timestamp too old", location="http://elsewhere")
    assert answer.verdict is verdict
    assert str(status) in answer.detail
    assert not answer.refused


@pytest.mark.parametrize(
    ("header", "least", "most"),
    [
        ("7", 7, 7),
        ("86400", 300, 300),
        ("", 0, 0),
        ("soon", 0, 0),
        ("-5", 0, 0),
        ("Sun, 06 Nov 1994 08:49:37 GMT", 0, 0),
        ("Sun, 06 Nov 2190 08:49:37 GMT", 300, 300),
        ("Sun, 06 Nov 2190 08:49:37", 300, 300),
    ],
)
def test_loki_may_ask_for_a_pause(header: str, least: float, most: float) -> None:
    """In seconds or as a date (RFC 9110 section 10.2.3), five minutes at most."""
    answer = read_answer(429, "", retry_after=header)
    assert least <= answer.pause_seconds <= most


NAMED = [
    "stream includes structured metadata, but this feature is disallowed.",
    "total ignored: 1 out of 100",
    "; 900 errors like: max entry size",
    'x" total ignored: 1 out of 100 "',
    "ends in a backslash \\",
]


@pytest.mark.parametrize("node", NAMED)
def test_a_node_that_is_called_like_an_error_is_none(node: str) -> None:
    """Loki repeats the labels of streams, and anybody may name a node."""
    labels = f'{{job="hepscope", node={json.dumps(node)}, type="sip"}}'
    behind = f"{BEHIND}user 'fake', total ignored: 57 out of 100 for stream: {labels}"
    assert read_answer(400, behind).refused == {Refused.TOO_FAR_BEHIND: 57}
    old = f"2 errors like: {OLD.format(day='01').replace('a; b', json.dumps(node)[1:-1])}"
    assert read_answer(400, old).refused == {Refused.TOO_OLD: 2}
    # Cut within a value.
    cut = read_answer(400, f"{BEHIND}total ignored: 3 out of 9 for stream: {labels[:-16]}")
    assert cut.refused == {Refused.TOO_FAR_BEHIND: 3}
