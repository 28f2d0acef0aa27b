"""``hepscope capture --interface`` as a process in a namespace, and the HEP server it sends to."""

import contextlib
import http.client
import json
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
from types import TracebackType
from typing import Self

from hep import HepPacket, StreamDecoder, decode3, encode_ack, is_hello
from support.namespaces import Namespace
from support.service import until

WAIT_SECONDS = 120.0
_OPS = re.compile(r"ops at http://127\.0\.0\.1:(\d+)")


class AckingSink:
    """A server that acknowledges, at 127.0.0.1 of a namespace; it can be killed and come back."""

    def __init__(self, place: Namespace) -> None:
        self._place = place
        self._listener: socket.socket | None = None
        self._connections: list[socket.socket] = []
        self._lock = threading.Lock()
        self.port = 0
        self.by_number: dict[tuple[bytes, int], HepPacket] = {}
        """Packets by their origin and number: each once, however often it came."""

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.kill()

    @property
    def packets(self) -> list[HepPacket]:
        """Every packet once, in the order of their numbers."""
        with self._lock:
            return [packet for _, packet in sorted(self.by_number.items(), key=lambda row: row[0])]

    @property
    def payloads(self) -> list[bytes]:
        """The messages of the packets."""
        return [packet.payload for packet in self.packets]

    def start(self) -> None:
        """Listen, at the same port as before."""
        self._listener = self._place.call(
            lambda: socket.create_server(("127.0.0.1", self.port), reuse_port=True)
        )
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def kill(self) -> None:
        """Reset every connection and refuse new ones."""
        assert self._listener is not None
        for one in [self._listener, *self._connections]:
            with contextlib.suppress(OSError):
                one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, bytes((1, 0, 0, 0)) + bytes(4))
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()
        self._connections.clear()

    def wait_for(self, count: int, seconds: float = WAIT_SECONDS) -> None:
        """Return once so many packets have come."""
        until(lambda: len(self.by_number) >= count, f"{count} packets", seconds=seconds)

    def _accept(self, listener: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listener.accept()
                self._connections.append(connection)
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        decoder, origin, highest = StreamDecoder(), b"", 0
        with contextlib.suppress(OSError):
            while data := connection.recv(65_536):
                for packet in map(decode3, decoder.feed(data)):
                    if is_hello(packet):
                        origin = packet.origin
                    elif packet.seq is not None:
                        highest = max(highest, packet.seq)
                        with self._lock:
                            self.by_number.setdefault((packet.origin, packet.seq), packet)
                connection.sendall(encode_ack(origin, highest))


class LiveCapture:
    """A capture that runs; entered, it captures."""

    def __init__(
        self,
        place: Namespace,
        *words: str,
        interface: str | None = "",
        stdin: int = subprocess.DEVNULL,
    ) -> None:
        """Make one; ``interface`` None = the words say what to capture."""
        self._place = place
        self._stdin = stdin
        source = [] if interface is None else ["--interface", interface or place.wire]
        common = ["hepscope_capture", "--log-format", "text", "--ops", "127.0.0.1:0"]
        self._words = [*common, *source, *words]
        self._process: subprocess.Popen[str] | None = None
        self._reader: threading.Thread | None = None
        self._ops = 0
        self.lines: list[str] = []

    def __enter__(self) -> Self:
        guard = ["setpriv", "--pdeathsig", "KILL"] if shutil.which("setpriv") else []
        self._process = subprocess.Popen(
            self._place.command(*guard, sys.executable, "-m", *self._words),
            stdin=self._stdin,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        until(lambda: self.said("capturing from") or self.has_ended, "begin to capture")
        if self.has_ended:
            # Its last words are read after its end is seen.
            self._reader.join(WAIT_SECONDS)
        assert not self.has_ended, self.log
        self._ops = int(next(found[1] for one in self.lines if (found := _OPS.search(one))))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if not self.has_ended:
            self.end(signal.SIGKILL)

    @property
    def process(self) -> "subprocess.Popen[str]":
        """The running process."""
        assert self._process is not None
        return self._process

    @property
    def has_ended(self) -> bool:
        """Whether it runs no more."""
        return self.process.poll() is not None

    @property
    def log(self) -> str:
        """What it has logged."""
        return "\n".join(self.lines)

    def said(self, text: str) -> bool:
        """Say whether its log has a text."""
        return any(text in line for line in self.lines)

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Send a signal; return the exit code."""
        self.process.send_signal(number)
        code = self.process.wait(WAIT_SECONDS)
        assert self._reader is not None
        self._reader.join(WAIT_SECONDS)
        return code

    def get(self, path: str) -> tuple[int, str]:
        """Return status and body of what its ops port answers."""

        def ask() -> tuple[int, str]:
            connection = http.client.HTTPConnection("127.0.0.1", self._ops, timeout=WAIT_SECONDS)
            try:
                connection.request("GET", path)
                answer = connection.getresponse()
                return answer.status, answer.read().decode()
            finally:
                connection.close()

        return self._place.call(ask)

    def readiness(self) -> tuple[bool, dict[str, str]]:
        """Return whether it is ready, and what it says of its parts."""
        _, body = self.get("/readyz")
        found = json.loads(body)
        return found["ready"], {name: part["detail"] for name, part in found["parts"].items()}

    def metric(self, name: str, **labels: str) -> float:
        """Return a sample of its metrics, by the labels that it must have."""
        for line in self.get("/metrics")[1].splitlines():
            head, _, value = line.rpartition(" ")
            said = re.fullmatch(r"(\w+)(?:\{(.*)\})?", head)
            if said and said[1] == f"hepscope_capture_{name}":
                pairs = dict(re.findall(r'(\w+)="([^"]*)"', said[2] or ""))
                if labels.items() <= pairs.items():
                    return float(value)
        raise AssertionError(f"no sample {name} {labels}")

    def cpu_seconds(self) -> float:
        """Return the processor time that it has used."""
        for line in self.get("/metrics")[1].splitlines():
            if line.startswith("process_cpu_seconds_total "):
                return float(line.split()[1])
        raise AssertionError("no processor time")

    def _read(self) -> None:
        stream = self.process.stderr
        assert stream is not None
        with stream:
            for line in stream:
                self.lines.append(line.rstrip("\n"))


class LiveHeplify(LiveCapture):
    """The same by heplify's command line."""

    def __init__(self, place: Namespace, *words: str) -> None:
        super().__init__(place)
        self._words = ["hepscope_capture.heplify", "-prometheus", "127.0.0.1:0", *words]
