"""Asks Loki for lines.

Whatever Loki does becomes lines or trouble in words: it may be away, slow, refuse, answer
nonsense or more than fits. Redirects are not followed, they would carry the credentials to
another place; proxies and .netrc of the environment are left alone for the same reason.
"""

import asyncio
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

import httpx

from hepscope_common.logs import Throttle, escape_controls, get_logger
from hepscope_query_api.logs.loki_answer import AnswerError, Entry, parse_answer
from hepscope_query_api.logs.outcome import LokiOutcome
from hepscope_query_api.metrics import ApiMetrics
from hepscope_query_api.query.parameters import Order

MAX_BYTES: Final = 8 * 1024 * 1024
"""Of one answer: 1000 lines are some hundred kilobytes, but one line may have 256."""

REASON_BYTES: Final = 4096
REASON_CHARS: Final = 300
"""Of what Loki says of a refusal: it may repeat the query, which may be long."""

PATH: Final = "/loki/api/v1/query_range"
DIRECTIONS: Final = {Order.NEWEST: "backward", Order.OLDEST: "forward"}
ACCEPTED: Final = {"Accept": "application/json", "Accept-Encoding": "identity"}
"""Nothing compressed: a small answer could become a huge one."""

HINTS: Final[Mapping[int, str]] = {
    HTTPStatus.UNAUTHORIZED: "Check api.loki_username, loki_password, loki_token, loki_tenant.",
    HTTPStatus.FORBIDDEN: "Check api.loki_username, loki_password, loki_token, loki_tenant.",
    HTTPStatus.NOT_FOUND: "Is api.loki_url the address of Loki, without a path of its API?",
    HTTPStatus.TOO_MANY_REQUESTS: "It has too much to do; try again soon.",
}

OTHER_HINT: Final = "Its own log says more."

_log = get_logger("api.loki")


class TroubleError(Exception):
    """Why Loki gave no lines, in words for people; never with credentials."""

    def __init__(self, outcome: LokiOutcome, detail: str) -> None:
        super().__init__(detail)
        self.outcome = outcome
        self.detail = detail


@dataclass(frozen=True, slots=True)
class LokiAccess:
    """Where Loki is and how it is asked."""

    url: str
    timeout_seconds: float
    headers: Mapping[str, str]
    auth: tuple[str, str] | None
    tls: ssl.SSLContext | bool


@dataclass(frozen=True, slots=True)
class Answers:
    """What each query found, None where it failed, and why the first of those did."""

    entries: Sequence[list[Entry] | None]
    trouble: TroubleError | None


class Loki:
    """A Loki that can be asked."""

    def __init__(self, access: LokiAccess, metrics: ApiMetrics) -> None:
        self._access = access
        self._metrics = metrics
        self._throttle = Throttle(_log)

    async def ask(
        self, queries: Sequence[str], start_ns: int, end_ns: int, *, limit: int, order: Order
    ) -> Answers:
        """Return at most ``limit`` lines of each query, from the start of the order on."""
        access = self._access
        asked = {
            "start": str(start_ns),
            "end": str(end_ns),
            "limit": str(limit),
            "direction": DIRECTIONS[order],
        }

        async def one(client: httpx.AsyncClient, query: str) -> list[Entry] | TroubleError:
            try:
                async with asyncio.timeout(access.timeout_seconds):
                    raw = await self._read(client, {"query": query, **asked})
                    # Some megabytes of JSON take so long that others would wait.
                    return await asyncio.to_thread(_parsed, raw, start_ns, end_ns)
            except TimeoutError:
                detail = (
                    f"Loki did not answer within {access.timeout_seconds:g} s. Try again, narrow "
                    "api.loki_selector, or raise api.loki_timeout_seconds."
                )
                return TroubleError(LokiOutcome.TIMEOUT, detail)
            except TroubleError as trouble:
                return trouble

        async with httpx.AsyncClient(
            headers={**ACCEPTED, **access.headers},
            auth=access.auth,
            verify=access.tls,
            timeout=access.timeout_seconds,
            follow_redirects=False,
            trust_env=False,
        ) as client:
            found = await asyncio.gather(*(one(client, query) for query in queries))
        for answer in found:
            outcome = answer.outcome if isinstance(answer, TroubleError) else LokiOutcome.OK
            self._metrics.loki_queries.add((outcome,))
        trouble = next((one for one in found if isinstance(one, TroubleError)), None)
        if trouble is not None:
            self._throttle.warning(trouble.outcome, "%s", trouble.detail)
        entries = [None if isinstance(answer, TroubleError) else answer for answer in found]
        return Answers(entries, trouble)

    async def _read(self, client: httpx.AsyncClient, query: Mapping[str, str]) -> bytes:
        url = self._access.url
        try:
            async with client.stream("GET", f"{url}{PATH}", params=query) as response:
                if response.status_code != HTTPStatus.OK:
                    raise await _refused(response)
                if response.headers.get("Content-Encoding", "identity") != "identity":
                    detail = "Loki compressed its answer, though it was not asked to."
                    raise TroubleError(LokiOutcome.INVALID, detail)
                return await _body(response)
        except httpx.TimeoutException as error:
            raise TimeoutError from error
        except (httpx.RemoteProtocolError, httpx.DecodingError) as error:
            raise TroubleError(
                LokiOutcome.INVALID, f"What is at {url} does not speak HTTP as Loki does."
            ) from error
        except (httpx.HTTPError, OSError) as error:
            why = escape_controls(str(error))[:REASON_CHARS] or type(error).__name__
            detail = (
                f"Loki cannot be reached at {url}: {why}. Does it run, and is api.loki_url right?"
            )
            raise TroubleError(LokiOutcome.UNREACHABLE, detail) from error


async def _body(response: httpx.Response) -> bytes:
    held = bytearray()
    async for piece in response.aiter_raw():
        held += piece
        if len(held) > MAX_BYTES:
            detail = (
                f"Loki's answer passes {MAX_BYTES // 1024 // 1024} MiB. Take a part of the call "
                "(start, end), or lower api.loki_limit."
            )
            raise TroubleError(LokiOutcome.TOO_LARGE, detail)
    return bytes(held)


async def _refused(response: httpx.Response) -> TroubleError:
    status = response.status_code
    if response.is_redirect:
        detail = (
            f"Loki answers {status}, a redirection, which is not followed. Set api.loki_url to "
            "the address itself."
        )
        return TroubleError(LokiOutcome.REDIRECT, detail)
    said = bytearray()
    async for piece in response.aiter_raw():
        said += piece
        if len(said) >= REASON_BYTES:
            break
    text = " ".join(bytes(said[:REASON_BYTES]).decode("utf-8", "replace").split())
    # A gateway sends a page of HTML, of which only the status is worth showing.
    why = "" if text.startswith("<") else escape_controls(text)[:REASON_CHARS]
    detail = (
        f"Loki refused with {status}{f': {why}' if why else ''}. {HINTS.get(status, OTHER_HINT)}"
    )
    return TroubleError(LokiOutcome.REFUSED, detail)


def _parsed(raw: bytes, start_ns: int, end_ns: int) -> list[Entry]:
    try:
        return parse_answer(raw, start_ns, end_ns)
    except AnswerError as error:
        detail = "What was answered is not what Loki answers. Is api.loki_url its address?"
        raise TroubleError(LokiOutcome.INVALID, detail) from error
