"""``POST /hep``: the packets of one request, taken together and answered once they are safe.

200: every accepted packet is acknowledged by the bus; the body counts those that were refused.
400: none was accepted, or the form is wrong. 409: none, since all are duplicates. 413, 415: size,
kind. 503 with Retry-After: the bus has no room, did not acknowledge in time, or ingest ends; what
was taken until then may be stored nevertheless. Errors are problem details (RFC 9457).
"""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NoReturn

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response

from hep import EncodeError, Reason, encode3
from hepscope_common.clock import Clock, wall_clock_us
from hepscope_ingest.intake import Intake
from hepscope_ingest.listeners.bodies import cut, key_of, with_key
from hepscope_ingest.listeners.json_packets import BadPacketsError, parse_packets
from hepscope_ingest.listeners.page_guard import client_of
from hepscope_ingest.listeners.problems import Outcome, Problem, problem_details
from hepscope_ingest.listeners.receipt import Receipt
from hepscope_ingest.metrics import IngestMetrics
from hepscope_ingest.peers import Endpoint, PeerTable
from hepscope_ingest.refusal import Refusal
from hepscope_ingest.turns import Turn

PACKETS_AT_ONCE = 16
"""Between two looks at the time; a request of many thousands must not starve the others."""

MAX_HELD_BYTES = 64 * 1024 * 1024
"""Bodies that are being received or taken, all requests of an address together."""

_ALL_COPIES = "every packet is a copy of one taken a moment ago (ingest.rules.dedup_ms)"

OCTETS, JSON = "application/octet-stream", "application/json"


@dataclass(frozen=True, slots=True)
class RequestLimits:
    """What one request may take."""

    body_bytes: int = 8 * 1024 * 1024
    wait_seconds: float = 30.0
    """For room on the bus, and for its acknowledgements."""


class Requests:
    """Answers the requests of one address."""

    def __init__(
        self,
        intake: Intake,
        peers: PeerTable,
        metrics: IngestMetrics,
        limits: RequestLimits,
        *,
        now_us: Clock = wall_clock_us,
    ) -> None:
        self._intake = intake
        self._peers = peers
        self._metrics = metrics
        self._limits = limits
        self._now_us = now_us
        self.held_bytes = 0
        """Bytes of bodies that are being received or taken."""

    async def post(self, request: Request) -> Response:
        """Take the packets of a request."""
        endpoint = self._peers.endpoint(client_of(request.scope))
        outcome, held = Outcome(), _Held(self)
        try:
            kind = _kind_of(request)
            body = await self._read(request, held)
            packets = self._packets(kind, body, endpoint, outcome)
            await self._take(packets, key_of(request.scope["headers"]), endpoint, outcome)
        except Problem as problem:
            if problem.reason is not None:
                self._intake.refuse(problem.reason, endpoint.peer, problem.detail)
            return problem_details(problem, outcome)
        except ClientDisconnect:
            self._intake.refuse(Refusal.CUT_AT_CLOSE, endpoint.peer, "in a request")
            return Response(status_code=400)
        except asyncio.CancelledError:
            # By the end of the server only, which waits for no longer: its sender is told as much.
            return problem_details(Problem(503, _unsafe(outcome, "ingest ends")), outcome)
        finally:
            held.release()
        if outcome.accepted:
            return JSONResponse(outcome.counts)
        if set(outcome.reasons) == {Refusal.DUPLICATE}:
            return problem_details(Problem(409, _ALL_COPIES), outcome)
        return problem_details(Problem(400, "no packet was accepted"), outcome)

    async def _read(self, request: Request, held: "_Held") -> bytes:
        bound = self._limits.body_bytes
        said = request.headers.get("content-length", "0")
        if said.isascii() and said.isdigit() and int(said) > bound:
            _too_large(bound)
        pieces: list[bytes] = []
        async for piece in request.stream():
            pieces.append(piece)
            if held.add(len(piece)) > bound:
                _too_large(bound)
        return b"".join(pieces)

    def _packets(
        self, kind: str, body: bytes, endpoint: Endpoint, outcome: Outcome
    ) -> Sequence[bytes]:
        """Return the packets to take; what cannot become one is refused here."""
        if not body:
            self._refuse(Reason.EMPTY, endpoint, outcome, "an empty request")
            return ()
        if kind == JSON:
            return self._packets_of_json(body, endpoint, outcome)
        found = cut(body)
        self._metrics.received.add(("http",), len(found.packets))
        self._metrics.skipped_bytes.add((), found.skipped_bytes)
        if found.failure is not None:
            self._refuse(found.failure, endpoint, outcome, "the rest of a request")
        return found.packets

    def _packets_of_json(
        self, body: bytes, endpoint: Endpoint, outcome: Outcome
    ) -> Sequence[bytes]:
        try:
            found = parse_packets(body, self._now_us())
        except BadPacketsError as error:
            raise Problem(400, str(error), reason=Refusal.BAD_REQUEST) from error
        self._metrics.received.add(("http",), len(found))
        packets = []
        for packet in found:
            try:
                packets.append(encode3(packet))
            except EncodeError as error:
                self._refuse(error.reason, endpoint, outcome, error.field)
        return packets

    async def _take(
        self, packets: Sequence[bytes], key: bytes | None, endpoint: Endpoint, outcome: Outcome
    ) -> None:
        receipt, turn = Receipt(), Turn()
        try:
            async with asyncio.timeout(self._limits.wait_seconds):
                for at in range(0, len(packets), PACKETS_AT_ONCE):
                    await self._intake.unblocked()
                    self._take_some(
                        packets[at : at + PACKETS_AT_ONCE], key, endpoint, outcome, receipt
                    )
                    await turn.rest()
                await receipt.complete()
        except TimeoutError as error:
            raise Problem(503, _unsafe(outcome, "the bus has no room, or is slow")) from error

    def _take_some(
        self,
        packets: Sequence[bytes],
        key: bytes | None,
        endpoint: Endpoint,
        outcome: Outcome,
        receipt: Receipt,
    ) -> None:
        # Nothing else runs in between, so what the peer's counts rise by is of these packets.
        before = Counter(endpoint.peer.refused)
        for packet in packets:
            receipt.expect()
            if self._intake.take(with_key(packet, key), endpoint, acknowledged=receipt):
                outcome.accepted += 1
            else:
                receipt()
        outcome.reasons.update(Counter(endpoint.peer.refused) - before)

    def _refuse(self, reason: str, endpoint: Endpoint, outcome: Outcome, detail: str) -> None:
        self._intake.refuse(reason, endpoint.peer, detail)
        outcome.reasons[str(reason)] += 1

    def hold(self, size: int) -> None:
        """Count bytes of bodies; raises the answer for when there are too many."""
        if self.held_bytes + size > max(MAX_HELD_BYTES, self._limits.body_bytes):
            raise Problem(503, "too many requests at once; nothing of this one was taken")
        self.held_bytes += size

    def let_go(self, size: int) -> None:
        """Count them no more."""
        self.held_bytes -= size


class _Held:
    """The bytes of one body, counted with those of all others."""

    def __init__(self, requests: Requests) -> None:
        self._requests = requests
        self._bytes = 0

    def add(self, size: int) -> int:
        self._requests.hold(size)
        self._bytes += size
        return self._bytes

    def release(self) -> None:
        self._requests.let_go(self._bytes)
        self._bytes = 0


def _kind_of(request: Request) -> str:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in (OCTETS, JSON):
        detail = f"Content-Type is {kind or 'not said'}: send {OCTETS} (HEP packets) or {JSON}"
        raise Problem(415, detail, reason=Refusal.BAD_REQUEST)
    coding = request.headers.get("content-encoding", "identity").lower()
    if coding != "identity":
        detail = f"Content-Encoding {coding} is not taken; HEP has its own (chunk 16)"
        raise Problem(415, detail, reason=Refusal.BAD_REQUEST)
    return kind


def _too_large(bound: int) -> NoReturn:
    detail = f"more than {bound} bytes (ingest.http_body_bytes)"
    raise Problem(413, detail, reason=Reason.TOO_LARGE)


def _unsafe(outcome: Outcome, cause: str) -> str:
    if not outcome.accepted:
        return f"{cause}; nothing of this request was taken"
    return (
        f"{cause}: not acknowledged in time; {outcome.accepted} packets were taken and may be"
        " stored, so that sending them again may double them"
    )
