"""The connection to Loki: one request at a time, nothing followed, answers cut."""

import asyncio
import ssl
from collections.abc import Sequence
from typing import Final

import httpx

from hepscope_common import __version__
from hepscope_common.runtime import StartupError
from hepscope_storage_writer.loki.address import push_address
from hepscope_storage_writer.loki.answers import Answer, Verdict, read_answer
from hepscope_storage_writer.loki.form import Form, Part
from hepscope_storage_writer.loki.json_form import JsonForm
from hepscope_storage_writer.loki.protobuf import ProtobufForm
from hepscope_storage_writer.loki.settings import Compression, LokiSettings

MAX_ANSWER_BYTES: Final = 256 * 1024
"""Read of an answer: one that refuses a load's lines one by one has some 200 bytes for each."""

CONNECT_SECONDS: Final = 5.0


def make_form(settings: LokiSettings) -> Form:
    """Return the form of pushes that is set."""
    if settings.compression is Compression.SNAPPY:
        return ProtobufForm()
    return JsonForm(compressed=settings.compression is Compression.GZIP)


class Client:
    """Pushes, over one connection that is kept."""

    def __init__(self, settings: LokiSettings, form: Form) -> None:
        """Raises StartupError where the certificates cannot be read."""
        self.sent_bytes = 0
        self._form = form
        self._timeout = settings.timeout_seconds
        found = push_address(settings.url)
        self.url = found.url
        headers = {**form.headers, "user-agent": f"hepscope/{__version__}"}
        if settings.tenant:
            headers["x-scope-orgid"] = settings.tenant
        auth: httpx.BasicAuth | None = None
        token = settings.token.get_secret_value()
        if token:
            headers["authorization"] = f"Bearer {token}"
        elif settings.username or found.username:
            name, secret = found.username, found.password
            if settings.username:
                name, secret = settings.username, settings.password.get_secret_value()
            auth = httpx.BasicAuth(name, secret)
        self._client = httpx.AsyncClient(
            headers=headers,
            auth=auth,
            timeout=httpx.Timeout(settings.timeout_seconds, connect=CONNECT_SECONDS),
            limits=httpx.Limits(max_connections=2, max_keepalive_connections=1),
            follow_redirects=False,
            trust_env=False,
            verify=_context(settings) if self.url.startswith("https") else False,
        )

    async def aclose(self) -> None:
        """Close; a connection is made by the first push."""
        await self._client.aclose()

    async def push(self, parts: Sequence[Part], *, with_metadata: bool) -> Answer:
        """Push lines and return what became of them; raises nothing of the network's."""
        body = self._form.body(parts, with_metadata=with_metadata)
        self.sent_bytes += len(body)
        try:
            async with (
                asyncio.timeout(self._timeout),
                self._client.stream("POST", self.url, content=body) as response,
            ):
                text = await _beginning(response)
                headers = response.headers
                return read_answer(
                    response.status_code,
                    text,
                    retry_after=headers.get("retry-after", ""),
                    location=headers.get("location", ""),
                )
        except TimeoutError:
            return Answer(Verdict.AWAY, f"no answer within {self._timeout:g} s")
        except httpx.TimeoutException as error:
            return Answer(Verdict.AWAY, f"no answer in time ({type(error).__name__})")
        except httpx.LocalProtocolError:
            # What it says would repeat the header, which may be the one with the secret.
            return Answer(Verdict.AWAY, "a header of ours cannot be sent")
        except httpx.HTTPError as error:
            return Answer(Verdict.AWAY, f"{type(error).__name__}: {error}")


async def _beginning(response: httpx.Response) -> str:
    found = bytearray()
    if response.status_code != 204:
        async for piece in response.aiter_bytes():
            found += piece
            if len(found) >= MAX_ANSWER_BYTES:
                break
    return found[:MAX_ANSWER_BYTES].decode("utf-8", "replace")


def _context(settings: LokiSettings) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=settings.tls_ca_file)
    except (OSError, ssl.SSLError) as error:
        raise StartupError(f"setting loki.tls_ca_file: {settings.tls_ca_file}: {error}") from error
