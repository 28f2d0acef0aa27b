"""The Host header check, which keeps foreign web pages out while there are no users.

A page on the internet can make a browser resolve the page's own name to 127.0.0.1 (DNS
rebinding) and then read what listens there, but it cannot make the browser send another Host
than that name. So names must be known. An address literal cannot be rebound; it is accepted
when it is the one that the connection came to.
"""

import ipaddress
from collections.abc import Iterable

from starlette.types import ASGIApp, Receive, Scope, Send

from hepscope_common.settings import Listen
from hepscope_query_api.problems import Kind, ProblemError, response_of
from hepscope_query_api.web.base_path import base_path_of

LOCAL_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})


class HostCheck:
    """Answers requests whose Host header names another machine with a problem."""

    def __init__(self, app: ASGIApp, names: frozenset[str]) -> None:
        self._app = app
        self._names = names

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or refuse it."""
        if scope["type"] != "http" or self._is_allowed(scope):
            await self._app(scope, receive, send)
            return
        problem = ProblemError(
            Kind.HOST_NOT_ALLOWED,
            "This server is not known under the name in the Host header. Use its address or "
            "localhost, or add the name to HEPSCOPE_API__HOSTS.",
        )
        await response_of(problem, base_path_of(scope))(scope, receive, send)

    def _is_allowed(self, scope: Scope) -> bool:
        hosts = [value for name, value in scope["headers"] if name == b"host"]
        if len(hosts) != 1:
            return False
        name = host_of(hosts[0].decode("latin-1"))
        if name in self._names:
            return True
        server = scope.get("server")
        return server is not None and name == server[0].lower() and _is_address(name)


def allowed_names(listen: Iterable[Listen], hosts: Iterable[str]) -> frozenset[str]:
    """Return the lower-case names and addresses under which the API may be addressed."""
    return LOCAL_NAMES.union(
        (address.host.lower() for address in listen), (host_of(host) for host in hosts)
    )


def host_of(header: str) -> str:
    """Return the host of a Host header, lower-case, without port, brackets and final dot."""
    text = header.strip().lower()
    if text.startswith("["):
        return text[1:].partition("]")[0]
    host, colon, port = text.rpartition(":")
    if colon and ":" not in host and port.isdigit():
        text = host
    return text.removesuffix(".")


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
