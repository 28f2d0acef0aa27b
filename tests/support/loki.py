"""A strict Loki: the documented push API over real HTTP, in a thread, with what a test scripts.

It decodes what it gets by code of its own, checks every rule that Loki has for a push and stores,
as Loki does, the lines that pass of a push that it answers with 400. What no client may do at all
(wrong content type, labels that do not parse, a stream twice, lines out of order, text that is not
UTF-8) is noted in ``faults``, which a test expects to be empty.
"""

import socket
import ssl
import struct
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from support.kafka import free_port
from support.loki_push import BadPushError, Stream, decode

PATIENCE_SECONDS = 30.0
HOUR_NS = 3600 * 1_000_000_000


@dataclass(frozen=True)
class Line:
    """A line that was stored."""

    labels: Mapping[str, str]
    time_ns: int
    text: str
    metadata: Mapping[str, str]

    @property
    def stream(self) -> tuple[tuple[str, str], ...]:
        """What tells streams apart."""
        return tuple(sorted(self.labels.items()))


@dataclass(frozen=True)
class Reply:
    """An answer that a test scripts; ``reset`` breaks the connection instead.

    ``stores`` says whether the push is stored all the same; ``until`` is waited for first.
    """

    status: int = 204
    text: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    reset: bool = False
    stores: bool = False
    until: threading.Event | None = None


class Loki:
    """The server; listens between ``start`` and ``stop``, always at the same port."""

    def __init__(self) -> None:
        self.lines: list[Line] = []
        self.faults: list[str] = []
        self.pushes: list[int] = []
        """Lines of each push that was read, in order."""
        self.statuses: Counter[int] = Counter()
        self.requests: list[dict[str, str]] = []
        """Headers of each request, names in lower case."""
        self.script: deque[Reply] = deque()
        self.always: Reply | None = None
        """Answers everything that the script does not."""
        self.poison: bytes = b""
        """A push that holds this cannot be read, as if its bytes were bad."""
        self.rate_limit_bytes = 1 << 40
        self.max_body_bytes = 1 << 40
        self.max_line_bytes = 256 * 1024
        self.allows_metadata = True
        self.tenant = ""
        self.authorization = ""
        self.now_ns: Callable[[], int] = time.time_ns
        self.arrived = threading.Condition()
        self._newest: dict[object, int] = {}
        self._server: ThreadingHTTPServer | None = None
        self.port = free_port()

    @property
    def url(self) -> str:
        """The base address."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def texts(self) -> list[str]:
        """The text of the lines stored, in order of their coming."""
        return [line.text for line in self.lines]

    def start(self, tls: ssl.SSLContext | None = None) -> None:
        """Listen, over TLS where a context is given."""
        loki = self

        class Handler(BaseHTTPRequestHandler):
            """One connection."""

            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                loki._serve(self)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        class Server(ThreadingHTTPServer):
            """Ends with its connections."""

            daemon_threads = True
            allow_reuse_address = True

            def handle_error(self, *_: object) -> None:
                """A client that goes is no error of ours."""

        self._server = Server(("127.0.0.1", self.port), Handler)
        if tls is not None:
            listener = self._server.socket
            self._server.socket = tls.wrap_socket(listener, server_side=True)
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self) -> None:
        """Refuse connections; those that are open end with their next request."""
        server, self._server = self._server, None
        if server is not None:
            server.shutdown()
            server.server_close()

    def _serve(self, handler: BaseHTTPRequestHandler) -> None:
        length = int(handler.headers["content-length"])
        body = handler.rfile.read(length)
        # A client that ends in the middle of a push has said nothing.
        if self._server is None or len(body) < length:
            _reset(handler)
            return
        headers = {name.lower(): value for name, value in handler.headers.items()}
        with self.arrived:
            self.requests.append(headers)
            reply = self.script.popleft() if self.script else self.always
            self.arrived.notify_all()
        if reply is not None and reply.until is not None:
            reply.until.wait(PATIENCE_SECONDS)
        with self.arrived:
            if reply is None:
                reply = self._take(handler.path, headers, body)
            elif reply.stores:
                self._take(handler.path, headers, body)
            if reply.reset:
                _reset(handler)
                return
            self.statuses[reply.status] += 1
            self.arrived.notify_all()
        text = reply.text.encode()
        handler.send_response(reply.status)
        for name, value in reply.headers.items():
            handler.send_header(name, value)
        if reply.status != 204:
            handler.send_header("content-length", str(len(text)))
        handler.end_headers()
        handler.wfile.write(text)

    def _take(self, path: str, headers: Mapping[str, str], body: bytes) -> Reply:
        if path != "/loki/api/v1/push":
            self.faults.append(f"path {path}")
            return Reply(404, "404 page not found")
        if self.tenant and headers.get("x-scope-orgid") != self.tenant:
            return Reply(401, "no org id")
        if self.authorization and headers.get("authorization") != self.authorization:
            return Reply(401, "no")
        if len(body) > self.max_body_bytes:
            return Reply(413, "request body too large")
        try:
            streams = decode(headers, body)
        except BadPushError as error:
            self.faults.append(str(error))
            return Reply(400, str(error))
        lines = [text for _, entries in streams for _, text, _ in entries]
        if self.poison and any(self.poison in text.encode() for text in lines):
            return Reply(400, "proto: illegal wireType 7")
        self.pushes.append(len(lines))
        if sum(map(len, lines)) > self.rate_limit_bytes:
            return Reply(429, "ingestion rate limit exceeded for user fake (limit: 1 bytes/sec)")
        return self._store(streams)

    def _store(self, streams: list[Stream]) -> Reply:
        errors: Counter[str] = Counter()
        last_refusal = ""
        for labels, entries in streams:
            name = "{" + ", ".join(f'{key}="{value}"' for key, value in labels.items()) + "}"
            if len(labels) > 15:
                errors[f"entry for stream '{name}' has {len(labels)} label names; limit 15"] += 1
                continue
            ignored: list[str] = []
            for time_ns, text, metadata in entries:
                error = self._error_of(name, time_ns, text, metadata)
                if error:
                    errors[error] += 1
                    continue
                key = tuple(sorted(labels.items()))
                newest = self._newest.get(key, 0)
                if time_ns < newest - HOUR_NS:
                    ignored.append(
                        f"entry with timestamp {time_ns} ignored, reason: 'entry too far behind,"
                        f" entry timestamp is: {time_ns}, oldest acceptable timestamp is: x',"
                    )
                    continue
                self._newest[key] = max(newest, time_ns)
                self.lines.append(Line(labels, time_ns, text, metadata))
            # An ingester answers for the last stream, whatever became of those before it.
            last_refusal = ""
            if ignored:
                total = f"total ignored: {len(ignored)} out of {len(entries)} for stream: {name}"
                last_refusal = "\n".join([*ignored[:10], f"user 'fake', {total}"])
        if last_refusal:
            return Reply(400, last_refusal)
        if errors:
            pieces = [
                f"{count} errors like: {error}" if len(errors) > 1 or count > 1 else error
                for error, count in errors.items()
            ]
            return Reply(400, "; ".join(pieces))
        return Reply(204)

    def _error_of(self, name: str, time_ns: int, text: str, metadata: Mapping[str, str]) -> str:
        now_ns = self.now_ns()
        if time_ns < now_ns - 168 * HOUR_NS:
            return (
                f"entry for stream '{name}' has timestamp too old: {time_ns // 10**9},"
                f" oldest acceptable timestamp is: {now_ns // 10**9}"
            )
        if time_ns > now_ns + HOUR_NS // 6:
            return f"entry for stream '{name}' has timestamp too new: {time_ns // 10**9}"
        if len(text.encode()) > self.max_line_bytes:
            return (
                f"max entry size '{self.max_line_bytes}' bytes exceeded for stream '{name}' while"
                f" adding an entry with length '{len(text.encode())}' bytes"
            )
        if metadata and not self.allows_metadata:
            return (
                f"stream '{name}' includes structured metadata, but this feature is disallowed."
                " Please see `limits_config.allow_structured_metadata` or contact your Loki"
                " administrator to enable it"
            )
        size = sum(len(key) + len(value) for key, value in metadata.items())
        if size > 64 * 1024:
            return f"stream '{name}' has structured metadata too large: '{size}' bytes"
        return ""


@contextmanager
def running_loki() -> Iterator[Loki]:
    """A Loki that listens, and that was never given what no client may send."""
    loki = Loki()
    loki.start()
    try:
        yield loki
    finally:
        loki.stop()
    assert not loki.faults


def _reset(handler: BaseHTTPRequestHandler) -> None:
    handler.close_connection = True
    linger = struct.pack("ii", 1, 0)
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    handler.connection.close()
