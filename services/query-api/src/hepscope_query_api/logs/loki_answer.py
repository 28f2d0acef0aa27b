"""What Loki answers to ``query_range``: streams of lines.

``{"status": "success", "data": {"resultType": "streams", "result": [{"stream": {label: value},
"values": [["nanoseconds", "line"], ...]}]}}``; structured metadata stand among the labels of a
stream. A third part of a value, which is there only where it was asked for, is left alone.
"""

import json
from collections.abc import Iterator, Mapping
from typing import NamedTuple


class AnswerError(Exception):
    """What was answered is none of Loki's answers."""


class Entry(NamedTuple):
    """A line as Loki has it."""

    time_ns: int
    text: str
    labels: Mapping[str, str]


def parse_answer(raw: bytes, start_ns: int, end_ns: int) -> list[Entry]:
    """Return the lines of an answer, in no order; raises AnswerError unless it is one of
    Loki's.

    A line outside ``start_ns`` <= time < ``end_ns`` is no answer to what was asked.
    """
    try:
        document: object = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise AnswerError("no JSON") from error
    answer = _object(document)
    if answer.get("status") != "success":
        raise AnswerError("no status success")
    parts = _object(answer.get("data"))
    if parts.get("resultType") != "streams":
        raise AnswerError("no streams")
    return [
        entry
        for stream in _list(parts.get("result"))
        for entry in _entries(_object(stream), start_ns, end_ns)
    ]


def _entries(stream: Mapping[str, object], start_ns: int, end_ns: int) -> Iterator[Entry]:
    labels = {name: _text(value) for name, value in _object(stream.get("stream")).items()}
    for value in _list(stream.get("values")):
        time, line, *_ = *_list(value), None, None
        time_ns, text = _number(time), _text(line)
        if not start_ns <= time_ns < end_ns:
            raise AnswerError("a line outside of the time asked for")
        yield Entry(time_ns, text, labels)


def _object(value: object) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise AnswerError("no object where one belongs")
    return value


def _list(value: object) -> list[object]:
    if not isinstance(value, list):
        raise AnswerError("no list where one belongs")
    return value


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise AnswerError("no text where one belongs")
    # Half a pair of surrogates, which JSON can spell, has no place in an answer of ours.
    return value.encode("utf-8", "replace").decode("utf-8")


def _number(value: object) -> int:
    text = _text(value)
    if not text.isascii() or not text.isdigit() or len(text) > 19:
        raise AnswerError("no time in nanoseconds")
    return int(text)
