"""Pushes as JSON, compressed by gzip or not: for what stands before a Loki and wants to read them.

{"streams": [{"stream": {label: value}, "values": [["nanoseconds", "line", {name: value}]]}]}
"""

import json
from collections.abc import Sequence
from typing import Final

import cramjam

from hepscope_storage_writer.loki.form import Entry, Pairs, Part

_LEVEL: Final = 1
"""Of gzip: lines shrink to a fifth, higher levels cost thrice for little."""


class JsonForm:
    """The form."""

    def __init__(self, *, compressed: bool) -> None:
        self.headers = {"content-type": "application/json"}
        self._compressed = compressed
        if compressed:
            self.headers["content-encoding"] = "gzip"

    def entry(self, time_ns: int, line: bytes, pairs: Pairs) -> Entry:
        """Return an entry of a line in UTF-8."""
        base = f'["{time_ns}",{_text(line.decode())}'.encode()
        return Entry(time_ns, base, f",{_text(dict(pairs))}".encode() if pairs else b"")

    def body(self, parts: Sequence[Part], *, with_metadata: bool) -> bytes:
        """Return the body of a push."""
        streams: list[bytes] = []
        for stream, entries in parts:
            values = b",".join(
                [
                    b"".join((base, metadata, b"]")) if with_metadata else base + b"]"
                    for _, base, metadata in entries
                ]
            )
            labels = _text(stream.labels).encode()
            streams.append(b"".join((b'{"stream":', labels, b',"values":[', values, b"]}")))
        body = b"".join((b'{"streams":[', b",".join(streams), b"]}"))
        return bytes(cramjam.gzip.compress(body, level=_LEVEL)) if self._compressed else body


def _text(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
