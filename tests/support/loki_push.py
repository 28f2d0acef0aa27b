"""A push to Loki taken apart by code of its own, protobuf or JSON, by the rules of its API."""

import gzip
import json
import re
from collections.abc import Iterator, Mapping

import cramjam

_LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\x00-\x1f]|\\.)*)"(?:, )?')

Stream = tuple[dict[str, str], list[tuple[int, str, dict[str, str]]]]
"""Labels, and entries as (time in ns, text, metadata)."""


class BadPushError(ValueError):
    """A push that Loki cannot read."""


def decode(headers: Mapping[str, str], body: bytes) -> list[Stream]:
    """Return the streams of a push; raises BadPushError."""
    kind, encoding = headers.get("content-type", ""), headers.get("content-encoding", "")
    if kind == "application/x-protobuf" and not encoding:
        try:
            data = bytes(cramjam.snappy.decompress_raw(body))
        except cramjam.DecompressionError as error:
            raise BadPushError(f"snappy: {error}") from error
        streams = [_proto_stream(value) for number, value in _fields(data) if _is(number, 1)]
    elif kind == "application/json" and encoding in ("", "gzip"):
        streams = _json_streams(gzip.decompress(body) if encoding else body)
    else:
        raise BadPushError(f"content type {kind!r}, encoding {encoding!r}")
    _check(streams)
    return streams


def _check(streams: list[Stream]) -> None:
    if not streams:
        raise BadPushError("no streams")
    seen = set()
    for labels, entries in streams:
        if not labels or not entries:
            raise BadPushError(f"a stream of nothing: {labels}")
        key = tuple(sorted(labels.items()))
        if key in seen:
            raise BadPushError(f"twice in a push: {labels}")
        seen.add(key)
        if any(not value or len(value) > 2048 for value in labels.values()):
            raise BadPushError(f"label values of {labels}")
        times = [time_ns for time_ns, _, _ in entries]
        if times != sorted(times):
            raise BadPushError(f"lines of {labels} are not in order")


def _json_streams(data: bytes) -> list[Stream]:
    try:
        found = json.loads(data)
        return [
            (
                dict(stream["stream"]),
                [
                    (_whole(value[0]), str(value[1]), dict(value[2]) if len(value) > 2 else {})
                    for value in stream["values"]
                ],
            )
            for stream in found["streams"]
        ]
    except (KeyError, TypeError, ValueError) as error:
        raise BadPushError(f"JSON: {error!r}") from error


def _whole(text: object) -> int:
    if not isinstance(text, str) or not text.isdigit():
        raise BadPushError(f"a time is {text!r}")
    return int(text)


def _is(number: int, wanted: int) -> bool:
    if number != wanted:
        raise BadPushError(f"field {number} instead of {wanted}")
    return True


def _proto_stream(data: bytes | int) -> Stream:
    labels: dict[str, str] = {}
    entries: list[tuple[int, str, dict[str, str]]] = []
    for number, value in _fields(data):
        if number == 1:
            labels = parse_labels(_utf8(value))
        elif _is(number, 2):
            entries.append(_proto_entry(value))
    return labels, entries


def _proto_entry(data: bytes | int) -> tuple[int, str, dict[str, str]]:
    time_ns, text, metadata = -1, "", {}
    for number, value in _fields(data):
        if number == 1:
            parts = dict(_fields(value))
            seconds, nanos = parts.pop(1, 0), parts.pop(2, 0)
            if parts or not isinstance(seconds, int) or not isinstance(nanos, int):
                raise BadPushError("a time has other fields")
            if nanos >= 10**9:
                raise BadPushError(f"{nanos} nanoseconds")
            time_ns = seconds * 10**9 + nanos
        elif number == 2:
            text = _utf8(value)
        elif _is(number, 3):
            pair = dict(_fields(value))
            metadata[_utf8(pair[1])] = _utf8(pair.get(2, b""))
    if time_ns < 0:
        raise BadPushError("an entry without a time")
    return time_ns, text, metadata


def parse_labels(text: str) -> dict[str, str]:
    """Return the labels of a selector such as {job="x", node="y"}; raises BadPushError."""
    if not (text.startswith("{") and text.endswith("}")):
        raise BadPushError(f"couldn't parse labels: {text!r}")
    if "\ufffd" in text:
        raise BadPushError("couldn't parse labels: 1:23: parse error: invalid UTF-8 rune")
    labels: dict[str, str] = {}
    at, end = 1, len(text) - 1
    while at < end:
        found = _LABEL.match(text, at, end)
        if found is None:
            raise BadPushError(f"couldn't parse labels: {text!r}")
        labels[found[1]] = json.loads(f'"{found[2]}"')
        at = found.end()
    return labels


def _utf8(value: bytes | int) -> str:
    if not isinstance(value, bytes):
        raise BadPushError("a number where text belongs")
    try:
        return value.decode()
    except UnicodeDecodeError as error:
        raise BadPushError(f"text is not UTF-8: {error}") from error


def _fields(data: bytes | int) -> Iterator[tuple[int, bytes | int]]:
    """Yield (field number, value) of a message."""
    if not isinstance(data, bytes):
        raise BadPushError("a number where a message belongs")
    at = 0
    while at < len(data):
        tag, at = _varint(data, at)
        number, wire = tag >> 3, tag & 7
        value, at = _varint(data, at)
        if wire == 0:
            yield number, value
        elif wire == 2:
            if at + value > len(data):
                raise BadPushError("a length points past the end")
            yield number, data[at : at + value]
            at += value
        else:
            raise BadPushError(f"wire type {wire}")


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        if at >= len(data) or shift > 63:
            raise BadPushError("a number has no end")
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, at
        shift += 7
