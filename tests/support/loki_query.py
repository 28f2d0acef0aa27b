"""A strict fake of the part of Loki that answers queries: ``GET /loki/api/v1/query_range``.

It holds lines with labels and structured metadata and answers as the documented API does: what
it does not understand is a 400 with the reason as plain text, tenant and login are checked,
``limit`` counts lines over all streams from the start of the direction on, and metadata stand
among the labels of streams. It can also be slow, refuse, and answer what Loki never would.
"""

import base64
import gzip
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

from support.logql import LogqlError, Query, parse

PATH = "/loki/api/v1/query_range"
PARAMETERS = {"query", "start", "end", "limit", "direction"}
MAX_RANGE_NS = (30 * 24 + 1) * 3600 * 10**9
"""Loki's max_query_length, 721h."""

Labels = Mapping[str, str]


@dataclass(frozen=True)
class Held:
    """A line as it was pushed."""

    time_ns: int
    line: str
    labels: Labels
    metadata: Labels


@dataclass(frozen=True)
class Asked:
    """A question that was accepted."""

    query: Query
    text: str
    start_ns: int
    end_ns: int
    limit: int
    direction: str


Reply = tuple[int, dict[str, str], bytes]
Behaviour = Callable[[], Reply | None]
"""Returns what to answer instead; None for the usual answer."""


class RefusedError(Exception):
    """An answer that is no success, with its text."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status
        self.text = text


@dataclass
class FakeLoki:
    """Lines, the rules by which it answers, and what it was asked."""

    tenant: str = ""
    login: tuple[str, str] | None = None
    token: str = ""
    max_entries: int = 5000
    held: list[Held] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)
    behaviour: Behaviour | None = None
    released: threading.Event = field(default_factory=threading.Event)
    url: str = ""

    def push(
        self, time_us: int, line: str, labels: Labels, metadata: Labels | None = None, ns: int = 0
    ) -> None:
        """Hold a line; what has the same labels, time and text is there once, as in Loki."""
        one = Held(time_us * 1000 + ns, line, dict(labels), dict(metadata or {}))
        if one not in self.held:
            self.held.append(one)

    def stall(self) -> None:
        """Answer nothing until ``released``."""

        def wait() -> Reply:
            self.released.wait(30)
            return 503, {}, b""

        self.behaviour = wait

    def answer(self, status: int, body: bytes, headers: Labels | None = None) -> None:
        """Answer this from now on, whatever is asked."""
        reply = status, dict(headers or {}), body
        self.behaviour = lambda: reply

    def reply(self, method: str, target: str, headers: Mapping[str, str]) -> Reply:
        """Return what is answered to a request."""
        try:
            asked = self._accepted(method, target, headers)
        except RefusedError as refusal:
            return refusal.status, {"Content-Type": "text/plain"}, refusal.text.encode()
        self.asked.append(asked)
        instead = self.behaviour() if self.behaviour is not None else None
        if instead is not None:
            return instead
        body = json.dumps({"status": "success", "data": self._data(asked)}).encode()
        return 200, {"Content-Type": "application/json; charset=UTF-8"}, body

    def _accepted(self, method: str, target: str, headers: Mapping[str, str]) -> Asked:
        parts = urlsplit(target)
        if parts.path != PATH:
            raise RefusedError(404, "404 page not found")
        if method != "GET":
            raise RefusedError(405, "method not allowed")
        self._check_login(headers)
        pairs = parse_qsl(parts.query, keep_blank_values=True, strict_parsing=True)
        given = dict(pairs)
        if len(pairs) != len(given) or set(given) != PARAMETERS:
            raise RefusedError(400, f"parameters are {sorted(name for name, _ in pairs)}")
        start_ns, end_ns = _nanoseconds(given["start"]), _nanoseconds(given["end"])
        if end_ns <= start_ns:
            raise RefusedError(400, "end timestamp must not be before or equal to start time")
        if end_ns - start_ns > MAX_RANGE_NS:
            raise RefusedError(400, "the query time range exceeds the limit")
        limit = int(given["limit"])
        if not 0 < limit <= self.max_entries:
            raise RefusedError(
                400,
                f"max entries limit per query exceeded, limit > max_entries_limit_per_query "
                f"({limit} > {self.max_entries})",
            )
        if given["direction"] not in ("forward", "backward"):
            raise RefusedError(400, f"invalid direction '{given['direction']}'")
        try:
            query = parse(given["query"])
        except LogqlError as error:
            raise RefusedError(400, str(error)) from error
        return Asked(query, given["query"], start_ns, end_ns, limit, given["direction"])

    def _check_login(self, headers: Mapping[str, str]) -> None:
        if headers.get("X-Scope-OrgID", "") != self.tenant:
            raise RefusedError(401, "no org id")
        wanted = ""
        if self.token:
            wanted = f"Bearer {self.token}"
        if self.login is not None:
            wanted = "Basic " + base64.b64encode(":".join(self.login).encode()).decode()
        if headers.get("Authorization", "") != wanted:
            raise RefusedError(401, "invalid authentication credentials")

    def _data(self, asked: Asked) -> dict[str, object]:
        found = [
            one
            for one in self.held
            if asked.start_ns <= one.time_ns < asked.end_ns
            and asked.query.takes(one.labels, one.line, one.metadata)
        ]
        found.sort(key=lambda one: one.time_ns, reverse=asked.direction == "backward")
        streams: dict[str, dict[str, object]] = {}
        for one in found[: asked.limit]:
            labels = {**one.labels, **one.metadata}
            stream = streams.setdefault(
                json.dumps(sorted(labels.items())), {"stream": labels, "values": []}
            )
            values = stream["values"]
            assert isinstance(values, list)
            values.append([str(one.time_ns), one.line])
        return {"resultType": "streams", "result": list(streams.values()), "stats": {}}


def bomb(size: int) -> bytes:
    """Return an answer that is small only as long as it is compressed."""
    return gzip.compress(b'{"status": "success", "data": "' + b" " * size)


@contextmanager
def fake_loki(**rules: object) -> Iterator[FakeLoki]:
    """A fake Loki on a port of 127.0.0.1."""
    loki = FakeLoki(**rules)  # type: ignore[arg-type]  # each is checked by its type in the class

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            status, headers, body = loki.reply("GET", self.path, dict(self.headers.items()))
            self.send_response(status)
            for name, value in {"Content-Length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Be quiet."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: object) -> None:
            """Whoever asks may go away before the answer: that is tested."""

    server = Server(("127.0.0.1", 0), Handler)
    loki.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield loki
    finally:
        loki.released.set()
        server.shutdown()
        thread.join()
        server.server_close()


def _nanoseconds(text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) != 19:
        raise RefusedError(400, f"cannot parse {text!r} to a valid timestamp in nanoseconds")
    return int(text)
