"""Who asks, as proxies tell it: only trusted ones are believed, and only what they added."""

import ipaddress
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry
from starlette.types import Message, Receive, Scope, Send

from hepscope_common.runtime import StartupError
from hepscope_common.settings import Settings, load
from hepscope_query_api.metrics import ApiMetrics
from hepscope_query_api.settings import ApiSettings
from hepscope_query_api.web.base_path import base_path_of, parse_base_path
from hepscope_query_api.web.behind_proxy import BehindProxy
from hepscope_query_api.web.forwarded import NAMES, Ignored, Told, is_trusted, parse_address, read

TRUSTED = [ipaddress.ip_network(text) for text in ("10.0.0.0/8", "2001:db8:1::/48")]


def told(**headers: str) -> Told:
    """Return what headers say that came from a trusted proxy; ``_`` stands for ``-``."""
    named = [(name.replace("_", "-").encode(), text.encode()) for name, text in headers.items()]
    return read(named, TRUSTED)


CHAINS = {
    "203.0.113.7": "203.0.113.7",
    "203.0.113.7, 10.0.0.2": "203.0.113.7",
    "127.0.0.1, 203.0.113.7, 10.0.0.2, 10.0.0.3": "203.0.113.7",
    "10.0.0.9, 10.0.0.2": "10.0.0.9",
    "evil, 203.0.113.7": "203.0.113.7",
    "203.0.113.7:4711": "203.0.113.7",
    "[2001:db8::7]:4711, 2001:db8:1::1": "2001:db8::7",
    "::ffff:203.0.113.7, ::ffff:10.0.0.2": "203.0.113.7",
    "fe80::7%<b>": "fe80::7",
}


@pytest.mark.parametrize("chain", CHAINS)
def test_the_client_is_the_rightmost_address_that_is_no_trusted_proxy(chain: str) -> None:
    """What stands left of it was written by the client itself."""
    assert told(x_forwarded_for=chain).client == CHAINS[chain]


def test_what_is_no_address_ends_the_chain() -> None:
    """The hop before it is the last one that is known."""
    found = told(x_forwarded_for="203.0.113.7, unknown, 10.0.0.2")
    assert found.client == "10.0.0.2"
    assert found.ignored == {Ignored.MALFORMED}


def test_scheme_host_and_prefix_are_those_of_the_nearest_proxy() -> None:
    """Of several values the last one, which it added."""
    found = told(
        x_forwarded_for="203.0.113.7",
        x_forwarded_proto="http, HTTPS",
        x_forwarded_host="evil.example, voip.example.net",
        x_forwarded_prefix="/hepscope/",
    )
    assert (found.scheme, found.host, found.prefix) == ("https", "voip.example.net", "/hepscope")
    assert found.ignored == frozenset()


def test_forwarded_of_rfc_7239_is_read() -> None:
    """With quotes, escapes, ports, and the same rule."""
    found = told(
        forwarded='for="[2001:db8::7]:4711";host="evil,;\\"";proto=http, '
        'FOR=203.0.113.7;by=10.0.0.1 ,for=10.0.0.2; Proto=https; Host="voip.example.net:443"'
    )
    assert (found.client, found.scheme, found.host) == (
        "203.0.113.7",
        "https",
        "voip.example.net:443",
    )


def test_a_quote_that_a_client_left_open_hides_nothing_behind_it() -> None:
    """His header is one of its own, before that of the proxy."""
    mine, proxys = b'for=127.0.0.1;x="', b"for=203.0.113.7;proto=https"
    found = read([(b"forwarded", mine), (b"forwarded", proxys)], TRUSTED)
    assert (found.client, found.scheme) == ("203.0.113.7", "https")
    assert found.ignored == {Ignored.MALFORMED}


def test_what_a_hop_says_twice_is_not_believed() -> None:
    """RFC 7239 allows each parameter once."""
    assert told(forwarded="for=203.0.113.7;for=127.0.0.1").client is None


def test_of_both_kinds_the_usual_one_counts() -> None:
    """Most proxies write that one, and hand on the other as a client wrote it."""
    found = told(forwarded="for=127.0.0.1;host=localhost", x_forwarded_for="203.0.113.7")
    assert (found.client, found.host) == ("203.0.113.7", None)
    assert found.ignored == {Ignored.TWO_KINDS}


MALFORMED = [
    {"x_forwarded_proto": "gopher"},
    {"x_forwarded_host": "a b"},
    {"x_forwarded_host": '"><script>'},
    {"x_forwarded_prefix": '/"><script>'},
    {"x_forwarded_prefix": "//evil.example"},
    {"x_forwarded_prefix": "https://evil.example/"},
    {"x_forwarded_prefix": "/../x"},
    {"x_forwarded_prefix": "/api"},
    {"x_forwarded_for": ", ".join(["10.0.0.1"] * 33)},
    {"forwarded": "for 10.0.0.1"},
    {"forwarded": 'for="10.0.0.1'},
    {"forwarded": "for=_hidden"},
]


@pytest.mark.parametrize("headers", MALFORMED)
def test_what_makes_no_sense_is_ignored_and_told(headers: Mapping[str, str]) -> None:
    """Nothing of it gets into addresses or HTML."""
    assert told(**headers) == Told(ignored=frozenset({Ignored.MALFORMED}))


@given(st.lists(st.tuples(st.sampled_from(sorted(NAMES)), st.binary(max_size=200)), max_size=6))
def test_no_header_is_an_error(headers: list[tuple[bytes, bytes]]) -> None:
    """Whatever comes is read or ignored; what is read can stand in HTML as it is."""
    found = read(headers, TRUSTED)
    for text in (found.client, found.host, found.prefix):
        assert not set(text or "") & set("\"'<>&\n\r ")
    assert found.client is None or parse_address(found.client) is not None


def test_peers_are_trusted_by_network() -> None:
    """Also where IPv4 comes to a socket of IPv6; a name never."""
    for peer, wanted in {
        "10.1.2.3": True,
        "::ffff:10.1.2.3": True,
        "2001:db8:1::5": True,
        "11.1.2.3": False,
        "2001:db8::5": False,
        "testclient": False,
        "": False,
    }.items():
        assert is_trusted(peer, TRUSTED) == wanted, peer


async def seen(
    headers: Mapping[str, str],
    *,
    peer: tuple[str, int] | None,
    base_path: str = "",
    path: str = "/calls/x",
    metrics: ApiMetrics | None = None,
) -> Scope:
    """Return the request as the application gets it."""
    scopes: list[Scope] = []

    async def app(scope: Scope, _receive: Receive, _send: Send) -> None:
        scopes.append(scope)

    async def receive() -> Message:
        raise AssertionError("nobody reads it")

    async def send(_message: Message) -> None:
        raise AssertionError("nobody answers")

    proxied = BehindProxy(
        app,
        base_path=base_path,
        trusted=TRUSTED,
        metrics=metrics or ApiMetrics(CollectorRegistry()),
    )
    sent = [(name.encode(), text.encode()) for name, text in headers.items()]
    scope = {
        "type": "http",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "headers": [(b"host", b"internal:9080"), *sent],
        "client": peer,
    }
    await proxied(scope, receive, send)
    return scopes[0]


SPOOFED = {
    "x-forwarded-for": "127.0.0.1",
    "x-forwarded-proto": "https",
    "x-forwarded-host": "localhost",
    "x-forwarded-prefix": "/evil",
    "forwarded": "for=127.0.0.1",
    "x-real-ip": "127.0.0.1",
}


@pytest.mark.parametrize("peer", [("203.0.113.7", 4711), None])
async def test_from_others_these_headers_have_no_effect(peer: tuple[str, int] | None) -> None:
    """They are taken off, so that nothing further in reads them, and counted."""
    metrics = ApiMetrics(CollectorRegistry())
    scope = await seen(SPOOFED, peer=peer, metrics=metrics)
    assert (scope["client"], scope["scheme"], scope["path"]) == (peer, "http", "/calls/x")
    assert scope["headers"] == [(b"host", b"internal:9080")]
    assert base_path_of(scope) == ""
    value = metrics.registry.get_sample_value
    assert value("hepscope_api_forwarded_ignored_total", {"reason": "untrusted_peer"}) == 1


async def test_a_trusted_proxy_is_believed() -> None:
    """The request is as it was before the proxy."""
    headers = {
        "x-forwarded-for": "203.0.113.7",
        "x-forwarded-proto": "https",
        "x-forwarded-host": "voip.example.net",
        "x-forwarded-prefix": "/voip",
    }
    scope = await seen(headers, peer=("10.0.0.1", 4711), base_path="/hepscope")
    assert (scope["client"], scope["scheme"]) == (("203.0.113.7", 0), "https")
    assert scope["headers"] == [(b"host", b"voip.example.net")]
    assert base_path_of(scope) == "/voip"


PATHS = {
    "/hepscope": "/",
    "/hepscope/": "/",
    "/hepscope/calls/a%2Fb": "/calls/a%2Fb",
    "/calls/a%2Fb": "/calls/a%2Fb",
    "/hepscopes": "/hepscopes",
    "/hepscope/hepscope/x": "/hepscope/x",
}


@pytest.mark.parametrize("path", PATHS)
async def test_a_base_path_is_taken_off_where_the_proxy_left_it(path: str) -> None:
    """Inside, paths are the same as without a proxy."""
    scope = await seen({}, peer=None, base_path="/hepscope", path=path)
    assert scope["path"] == PATHS[path]
    assert scope["raw_path"] == PATHS[path].encode()
    assert base_path_of(scope) == "/hepscope"


def test_base_paths_are_written_with_or_without_a_final_slash() -> None:
    """Only the root has none."""
    assert parse_base_path("/hepscope/") == parse_base_path(" /hepscope ") == "/hepscope"
    assert parse_base_path("/") == parse_base_path("") == ""
    assert parse_base_path("/voip/hep_scope-1.0~") == "/voip/hep_scope-1.0~"


class Example(Settings):
    """A process that has an API."""

    api: ApiSettings = ApiSettings()


WRONG = {
    "HEPSCOPE_API__BASE_PATH": {
        "hepscope": "api.base_path: expected a path such as /hepscope",
        "/a b": "expected a path",
        "/a//b": "expected a path",
        "/calls/x": "api.base_path: /calls is an address of hepscope's own",
    },
    "HEPSCOPE_API__TRUSTED_PROXIES": {
        "nginx": "api.trusted_proxies.0: 'nginx' does not appear to be",
        "10.0.0.1/8": "10.0.0.1/8 has host bits set",
    },
}


@pytest.mark.parametrize(("name", "text"), [(n, t) for n, texts in WRONG.items() for t in texts])
def test_wrong_settings_are_named(name: str, text: str) -> None:
    """With what was expected."""
    with pytest.raises(StartupError) as refused:
        load(Example, environ={name: text})
    assert WRONG[name][text] in str(refused.value)


def test_proxies_are_networks_by_comma() -> None:
    """An address is a network of one."""
    environ = {"HEPSCOPE_API__TRUSTED_PROXIES": "10.0.0.5, 10.1.0.0/24,2001:db8::/64"}
    found = load(Example, environ=environ).api.trusted_proxies
    assert [str(network) for network in found] == ["10.0.0.5/32", "10.1.0.0/24", "2001:db8::/64"]
