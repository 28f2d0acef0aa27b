"""HEP over TLS, by real clients: handshakes of every kind, certificates, limits."""

import asyncio
import logging
import ssl
import stat
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import pytest
import trustme

from hepscope_common.runtime import StartupError
from hepscope_common.settings import Listen
from hepscope_ingest.own_certificate import own_certificate
from hepscope_ingest.settings import IngestSettings
from hepscope_ingest.tls_terms import TlsTerms
from support.builders import make_call, make_packet, make_request
from unit.ingest.conftest import ANY, PATIENCE_SECONDS, MakeRig, Rig
from unit.ingest.test_component import read_all
from unit.ingest.test_listeners import arrived

PACKET = make_packet(make_request())

CLIENT_HELLO = b"\x16\x03\x01\x00\xc8\x01\x00\x00\xc4\x03\x03"
"""How every TLS connection begins; 190 bytes are missing."""


class Authority:
    """A CA, and the files of a certificate that it signed."""

    def __init__(self, folder: Path) -> None:
        self.ca = trustme.CA()
        self.certificate = folder / "server.pem"
        self.key = folder / "server.key"
        self.ca_file = folder / "ca.pem"
        self.ca.cert_pem.write_to_path(str(self.ca_file))
        self.issue("localhost", "127.0.0.1")

    def issue(self, *names: str) -> None:
        """Write a certificate for these names, over the former one."""
        issued = self.ca.issue_cert(*names)
        issued.private_key_pem.write_to_path(str(self.key))
        self.certificate.write_bytes(b"".join(pem.bytes() for pem in issued.cert_chain_pems))

    @property
    def settings(self) -> dict[str, object]:
        """Settings that serve it."""
        return {"tls": ANY, "tls_certificate": self.certificate, "tls_key": self.key}

    def client(self, *, name: str | None = None) -> ssl.SSLContext:
        """Return what a client trusts, and shows when it has a name."""
        context = ssl.create_default_context(cafile=self.ca_file)
        if name is not None:
            self.ca.issue_cert(name).configure_cert(context)
        return context


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    """A CA of the test."""
    return Authority(tmp_path)


@pytest.fixture
async def rig(make_rig: MakeRig, authority: Authority) -> AsyncIterator[Rig]:
    """An ingest that serves TLS with default limits."""
    async with make_rig(**authority.settings) as made:
        yield made


@asynccontextmanager
async def connected(
    address: tuple[str, int], context: ssl.SSLContext | None
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """Open a connection, and close it without a word."""
    reader, writer = await asyncio.open_connection(*address, ssl=context)
    try:
        yield reader, writer
    finally:
        writer.transport.abort()
        await asyncio.sleep(0)


async def send_tls(rig: Rig, context: ssl.SSLContext, *pieces: bytes) -> None:
    """Send pieces over one connection and close it in good order."""
    _, writer = await asyncio.open_connection(*rig.tls, ssl=context)
    for piece in pieces:
        writer.write(piece)
        await writer.drain()
    writer.close()
    await writer.wait_closed()


def handshakes_refused(rig: Rig, number: int) -> bool:
    """Tell whether so many handshakes were refused so far."""
    return rig.count("refused_total", reason="tls_handshake") == number


async def closed(reader: asyncio.StreamReader) -> None:
    """Return once the peer has closed; fails when it sends something instead."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        try:
            assert await reader.read(1) == b""
        except (ConnectionError, ssl.SSLError):
            return


async def test_packets_come_through(rig: Rig, authority: Authority) -> None:
    """In any split, with the peer's address, counted as TLS."""
    data = b"".join(make_call())
    await send_tls(rig, authority.client(), data[:700], data[700:701], data[701:])
    await rig.until(lambda: len(rig.on_bus()) == 7)
    assert rig.count("received_total", transport="tls") == 7
    assert rig.on_bus()[0].peer[:4] == bytes([127, 0, 0, 1])


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
async def test_both_versions_of_today_are_spoken(
    rig: Rig, authority: Authority, version: ssl.TLSVersion
) -> None:
    """Agents in the field speak either."""
    context = authority.client()
    context.minimum_version = context.maximum_version = version
    await send_tls(rig, context, PACKET)
    await rig.until(lambda: len(rig.on_bus()) == 1)


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1_1 is deprecated:DeprecationWarning")
async def test_older_versions_are_refused_and_counted(rig: Rig, authority: Authority) -> None:
    """TLS 1.1 is broken; the counter tells why an old agent is silent."""
    context = authority.client()
    context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    with pytest.raises((ssl.SSLError, ConnectionError)):
        await send_tls(rig, context, PACKET)
    await rig.until(lambda: rig.count("refused_total", reason="tls_handshake") == 1)


async def test_a_client_that_does_not_trust_us_is_counted(rig: Rig) -> None:
    """The one mistake that everybody makes first."""
    with pytest.raises(ssl.SSLError):
        await send_tls(rig, ssl.create_default_context(), PACKET)
    await rig.until(lambda: rig.count("refused_total", reason="tls_handshake") == 1)


async def test_plain_bytes_to_the_tls_port_are_refused_with_a_hint(
    rig: Rig, caplog: pytest.LogCaptureFixture
) -> None:
    """The connection is closed, and the log says what to change."""
    with caplog.at_level(logging.WARNING, "hepscope.ingest"):
        async with connected(rig.tls, None) as (reader, writer):
            writer.write(PACKET)
            await closed(reader)
    assert rig.count("refused_total", reason="plain_on_tls") == 1
    assert "plain HEP is for an address of ingest.tcp" in caplog.text
    assert rig.on_bus() == []


async def test_tls_to_the_plain_port_is_refused_with_a_hint(
    rig: Rig, authority: Authority, caplog: pytest.LogCaptureFixture
) -> None:
    """At once, instead of letting the client wait for an answer."""
    with caplog.at_level(logging.WARNING, "hepscope.ingest"):
        async with asyncio.timeout(PATIENCE_SECONDS):
            with pytest.raises((ssl.SSLError, ConnectionError)):
                await asyncio.open_connection(*rig.tcp, ssl=authority.client())
    assert rig.count("refused_total", reason="tls_on_plain") == 1
    assert "an address of ingest.tls" in caplog.text


async def test_a_look_at_the_port_is_no_refusal(rig: Rig) -> None:
    """Load balancers connect and go without a word, every few seconds."""
    async with connected(rig.tls, None):
        await rig.until(lambda: rig.ingest.tls[0].connections == 1)
    await rig.until(lambda: rig.ingest.tls[0].connections == 0)
    assert rig.count("refused_total", reason="tls_handshake") == 0


@pytest.mark.parametrize("begun", [b"", CLIENT_HELLO[:1], CLIENT_HELLO])
async def test_a_handshake_that_does_not_end_is_cut_and_counted(
    make_rig: MakeRig, authority: Authority, begun: bytes
) -> None:
    """However far it came; others are served meanwhile."""
    async with make_rig(**authority.settings, tls_handshake_seconds=2.0) as rig:
        async with connected(rig.tls, None) as (reader, writer):
            writer.write(begun)
            await send_tls(rig, authority.client(), PACKET)
            await closed(reader)
        await rig.until(lambda: rig.count("refused_total", reason="tls_handshake") == 1)
        await rig.until(lambda: len(rig.on_bus()) == 1)
        await rig.until(lambda: rig.ingest.tls[0].connections == 0)


@pytest.mark.parametrize(
    "garbage", [CLIENT_HELLO + bytes(190), b"\x16" * 50, b"\x16\x03\x03\xff\xff"]
)
async def test_garbage_in_a_handshake_is_counted(rig: Rig, garbage: bytes) -> None:
    """It looks like TLS and is none, or goes away half-way."""
    async with connected(rig.tls, None) as (_, writer):
        writer.write(garbage)
        await writer.drain()
    await rig.until(lambda: rig.count("refused_total", reason="tls_handshake") == 1)


async def test_garbage_inside_tls_is_what_it_is_over_tcp(rig: Rig, authority: Authority) -> None:
    """Skipped, counted, and too much of it closes the connection."""
    async with connected(rig.tls, authority.client()) as (reader, writer):
        writer.write(PACKET + bytes(200_000))
        await closed(reader)
    await rig.until(lambda: len(rig.on_bus()) == 1)
    assert rig.count("refused_total", reason="not_hep") == 1


async def test_garbage_under_tls_loses_nothing_before_it(rig: Rig, authority: Authority) -> None:
    """A connection whose records break still gave what it had given."""
    async with connected(rig.tls, authority.client()) as (_, writer):
        writer.write(PACKET)
        await writer.drain()
        await rig.until(lambda: rig.count("received_total", transport="tls") == 1)
        writer.transport.get_extra_info("socket")._sock.send(b"\x17\x03\x03\x00\x05HELLO")
        await rig.until(lambda: rig.ingest.tls[0].connections == 0)
    await rig.until(lambda: len(rig.on_bus()) == 1)


async def test_only_so_many_handshakes_are_under_way(
    make_rig: MakeRig, authority: Authority
) -> None:
    """One that stalls holds the next up no longer than its limit lasts; silence costs nothing."""
    settings = {**authority.settings, "tls_handshakes": 1, "tls_handshake_seconds": 2.0}
    async with (
        make_rig(**settings) as rig,
        connected(rig.tls, None),
        connected(rig.tls, None) as (_, stalled),
    ):
        await send_tls(rig, authority.client(), PACKET)
        stalled.write(CLIENT_HELLO)
        await stalled.drain()
        await rig.until(rig.ingest.tls[0]._turns.locked)
        async with asyncio.timeout(PATIENCE_SECONDS):
            await send_tls(rig, authority.client(), PACKET)
        assert rig.count("refused_total", reason="tls_handshake") >= 1
        await rig.until(lambda: len(rig.on_bus()) == 2)


async def test_connections_beyond_the_limit_are_closed_before_a_handshake(
    make_rig: MakeRig, authority: Authority
) -> None:
    """The ones that are open go on."""
    async with (
        make_rig(**authority.settings, tcp_connections=1) as rig,
        connected(rig.tls, authority.client()) as (_, first),
    ):
        with pytest.raises((ConnectionError, ssl.SSLError)):
            await asyncio.open_connection(*rig.tls, ssl=authority.client())
        assert rig.count("refused_total", reason="connection_limit") == 1
        assert rig.count("tcp_connections", listen=str(rig.ingest.tls[0].address)) == 1
        first.write(PACKET)
        await rig.until(lambda: len(rig.on_bus()) == 1)


async def test_networks_that_may_not_send_get_no_handshake(
    make_rig: MakeRig, authority: Authority
) -> None:
    """Refused and counted once a connection, over TCP too."""
    rules = {"denied_networks": "127.0.0.0/8"}
    async with make_rig(**authority.settings, rules=rules) as rig:
        with pytest.raises((ConnectionError, ssl.SSLError)):
            await asyncio.open_connection(*rig.tls, ssl=authority.client())
        async with connected(rig.tcp, None) as (reader, _):
            await closed(reader)
        assert rig.count("refused_total", reason="network") == 2


async def test_clients_must_show_a_certificate_once_a_ca_is_set(
    make_rig: MakeRig, authority: Authority
) -> None:
    """One that this CA signed; no certificate or another CA's is refused and counted."""
    stranger = trustme.CA()
    async with make_rig(**authority.settings, tls_client_ca=authority.ca_file) as rig:
        foreign = authority.client()
        stranger.issue_cert("agent").configure_cert(foreign)
        for number, context in enumerate((authority.client(), foreign), 1):
            async with connected(rig.tls, context) as (reader, writer):
                # With TLS 1.3 the client is done before we have seen its certificate.
                writer.write(PACKET)
                await closed(reader)
            await rig.until(partial(handshakes_refused, rig, number))
        await send_tls(rig, authority.client(name="agent"), PACKET)
        await rig.until(lambda: len(rig.on_bus()) == 1)


async def test_the_end_takes_what_has_arrived(make_rig: MakeRig, authority: Authority) -> None:
    """More than a connection holds ahead, from a client that neither ends nor reads."""
    data = b"".join(packet for n in range(300) for packet in make_call(f"{n}@x"))
    async with make_rig(**authority.settings) as rig:
        _, writer = await asyncio.open_connection(*rig.tls, ssl=authority.client())
        writer.write(data)
        await arrived(writer)
    assert len(rig.on_bus()) == 2100
    writer.transport.abort()


async def test_a_full_bus_slows_clients_and_loses_nothing(
    make_rig: MakeRig, authority: Authority
) -> None:
    """Reading stops until the readers are past; then everything arrives."""
    calls = b"".join(packet for n in range(400) for packet in make_call(f"{n}@x"))
    async with make_rig(**authority.settings, max_bytes=100_000, record_bytes=10_000) as rig:
        sending = asyncio.create_task(send_tls(rig, authority.client(), calls))
        await rig.until(lambda: not rig.ingest.ready()[0])
        assert await read_all(rig, 2800) == 2800
        await sending


async def test_files_that_change_are_read_anew(rig: Rig, authority: Authority) -> None:
    """Who renews them need not tell us; connections that are open stay."""
    async with connected(rig.tls, authority.client()) as (_, writer):
        authority.issue("renewed.example", "127.0.0.1")
        async with connected(rig.tls, authority.client()) as (_, other):
            shown = other.get_extra_info("peercert")["subjectAltName"]
            assert ("DNS", "renewed.example") in shown
        writer.write(PACKET)
        await rig.until(lambda: len(rig.on_bus()) == 1)


async def test_half_written_files_are_not_taken(
    rig: Rig, authority: Authority, caplog: pytest.LogCaptureFixture
) -> None:
    """The former certificate stays, and the log says so once."""
    whole = authority.certificate.read_bytes()
    authority.certificate.write_bytes(whole[:100])
    with caplog.at_level(logging.WARNING, "hepscope.ingest.tls"):
        for _ in range(3):
            await send_tls(rig, authority.client(), PACKET)
    assert caplog.text.count("the former certificate stays") == 1
    authority.certificate.unlink()
    await send_tls(rig, authority.client(), PACKET)
    await rig.until(lambda: len(rig.on_bus()) == 4)


async def test_a_certificate_is_made_where_none_is_set(
    make_rig: MakeRig, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Once, its key for nobody else; a client that takes it as its CA verifies us by name."""
    folder = tmp_path / "kept" / "tls"
    settings = {"tls": ANY, "tls_directory": folder, "tls_names": "hep.example.org,192.0.2.7"}
    with caplog.at_level(logging.INFO, "hepscope.ingest.tls"):
        async with make_rig(**settings) as rig:
            made = (folder / "ingest.crt").read_bytes()
            context = ssl.create_default_context(cafile=folder / "ingest.crt")
            context.verify_flags |= ssl.VERIFY_X509_STRICT
            await send_tls(rig, context, PACKET)
            await rig.until(lambda: len(rig.on_bus()) == 1)
            assert rig.count("tls_certificate_expiry_seconds") > 2_000_000_000
    assert "made a self-signed certificate" in caplog.text
    assert "hep.example.org, 192.0.2.7" in caplog.text
    assert stat.S_IMODE((folder / "ingest.key").stat().st_mode) == 0o600
    assert {one.name for one in folder.iterdir()} == {"ingest.crt", "ingest.key"}
    async with make_rig(**settings):
        assert (folder / "ingest.crt").read_bytes() == made


def test_two_that_start_at_once_make_one_certificate(tmp_path: Path) -> None:
    """A key of one and a certificate of the other would serve nobody."""
    with ThreadPoolExecutor(8) as pool:
        made = set(pool.map(lambda _: own_certificate(tmp_path, []), range(8)))
    assert len(made) == 1
    (files,) = made
    ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(files.certificate, files.key)


def test_what_cannot_be_served_ends_the_start_in_one_line(
    authority: Authority, tmp_path: Path
) -> None:
    """It names the file or setting."""
    listen = (Listen(host="127.0.0.1", port=0),)
    missing = tmp_path / "missing.pem"
    cases: list[tuple[dict[str, object], str]] = [
        ({"tls_certificate": missing, "tls_key": authority.key}, f"tls_certificate {missing}"),
        ({"tls_certificate": authority.ca_file, "tls_key": authority.key}, "key values mismatch"),
        ({"tls_certificate": authority.key, "tls_key": authority.key}, "no start line|pem lib"),
        ({"tls_client_ca": missing, "tls_directory": tmp_path}, f"tls_client_ca {missing}"),
        ({"tls_directory": authority.key / "x"}, f"cannot keep a key in {authority.key}"),
        ({"tls_directory": tmp_path / "new", "tls_names": "bücher.example"}, "ingest.tls_names"),
        ({}, "needs ingest.tls_certificate and ingest.tls_key, or ingest.tls_directory"),
    ]
    for values, message in cases:
        settings = IngestSettings.model_validate({"tls": listen, **values})
        with pytest.raises(StartupError, match=message):
            TlsTerms(settings).load()


def test_a_certificate_without_its_key_is_a_wrong_setting() -> None:
    """Both or none."""
    with pytest.raises(ValueError, match="tls_certificate and tls_key belong together"):
        IngestSettings.model_validate({"tls_certificate": "/etc/x.pem"})
