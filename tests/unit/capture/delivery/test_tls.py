"""HEP over TLS: to whom it is sent, and that the rest is as over TCP."""

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import trustme

from hepscope_capture.senders.acks import Acks
from hepscope_capture.senders.dialling import Dialler, explain
from hepscope_capture.senders.target import Scheme, Target
from hepscope_capture.senders.trust import Trust
from support.service import until
from support.sinks import TcpSink
from unit.capture.acking_server import AckingServer, Serve
from unit.capture.delivery.hep_server import hep
from unit.capture.delivery.routing import routing


class Certificates:
    """A CA, a server certificate for 127.0.0.1, a client certificate, and a stranger's CA."""

    def __init__(self, folder: Path) -> None:
        self.authority = trustme.CA()
        self.ca = folder / "ca.pem"
        self.authority.cert_pem.write_to_path(self.ca)
        self.server = self.authority.issue_cert("127.0.0.1", "hep.example.org")
        client = self.authority.issue_cert("agent.example.org")
        self.both = folder / "both.pem"
        client.private_key_and_cert_chain_pem.write_to_path(self.both)
        self.certificate, self.key = folder / "agent.crt", folder / "agent.key"
        client.cert_chain_pems[0].write_to_path(self.certificate)
        client.private_key_pem.write_to_path(self.key)
        self.other_ca = folder / "other.pem"
        trustme.CA().cert_pem.write_to_path(self.other_ca)

    @contextmanager
    def serving(self, serve: Serve, *, asks_client: bool = False) -> Iterator[TcpSink]:
        """A sink behind TLS."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.server.configure_cert(context)
        if asks_client:
            context.verify_mode = ssl.CERT_REQUIRED
            self.authority.configure_trust(context)

        def serve_deciphered(sink: TcpSink, connection: socket.socket) -> None:
            try:
                with context.wrap_socket(connection, server_side=True) as deciphered:
                    serve(sink, deciphered)
            except OSError:
                # The client refuses us, or we it: there is nothing to serve.
                return

        with TcpSink(serve_deciphered) as sink:
            yield sink


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    """Made once."""
    return Certificates(tmp_path_factory.mktemp("certificates"))


def url(sink: TcpSink, options: str = "") -> str:
    """Where a sink listens."""
    return f"tls://127.0.0.1:{sink.port}{options}"


def trouble(sink: TcpSink, trust: Trust) -> str:
    """What the user reads when nobody is reached."""
    with routing(url(sink), trust=trust) as router:
        destination = router.destinations[0]
        until(lambda: bool(destination.trouble), "it is refused")
        return destination.trouble


def is_delivered(sink: TcpSink, trust: Trust) -> bool:
    """Whether a packet comes to be acknowledged."""
    with routing(url(sink), trust=trust) as router:
        router.put([hep(1)], 1)
        return router.finish(60) and router.destinations[0].counts().acknowledged == 1


def test_everything_is_acknowledged_over_tls(certificates: Certificates) -> None:
    """Also across connections that break."""
    server = AckingServer([50, 400])
    with (
        certificates.serving(server) as sink,
        routing(url(sink), trust=Trust(ca=certificates.ca)) as router,
    ):
        for first in range(0, 5000, 100):
            router.put([hep(number) for number in range(first, first + 100)], 1)
        assert router.finish(60)
        counts = router.destinations[0].counts()
    numbers = [int(server.stored[seq].payload[:8]) for seq in sorted(server.stored)]
    assert numbers == list(range(5000))
    assert (counts.acknowledged, counts.connects) == (5000, 3)


@pytest.mark.parametrize("acks", [Acks.AUTO, Acks.NEVER])
def test_a_plain_server_gets_everything_over_tls(certificates: Certificates, acks: Acks) -> None:
    """More than all buffers hold; it hears that nothing follows, and so can tell the end."""
    packets = [hep(number, 600) for number in range(20_000)]
    ends: list[bytes] = []

    def serve(sink: TcpSink, connection: socket.socket) -> None:
        # Raises where the client goes without a word.
        connection.setblocking(True)
        sink.read_all(connection)
        ends.append(b"")

    with certificates.serving(serve) as sink:
        with routing(url(sink, f"?acks={acks}"), trust=Trust(ca=certificates.ca)) as router:
            for first in range(0, 20_000, 500):
                assert router.put_waiting(packets[first : first + 500], 1)
            assert router.finish(60)
            counts = router.destinations[0].counts()
        sink.stop()
        arrived = sink.packets
    if acks is Acks.AUTO:
        del arrived[0]
    assert arrived == packets
    assert ends == [b""]
    assert (counts.sent, counts.maybe_lost, counts.acknowledged) == (20_000, 0, 0)


def test_a_stranger_is_not_believed(certificates: Certificates) -> None:
    """Neither the system's CAs nor another CA vouch for it; the line says what helps."""
    with certificates.serving(AckingServer()) as sink:
        for trust in (Trust(), Trust(ca=certificates.other_ca)):
            text = trouble(sink, trust)
            assert text.startswith(f"tls://127.0.0.1:{sink.port}: ")
            assert "not trusted" in text
            assert "--ca" in text


def test_a_certificate_is_for_a_name(certificates: Certificates) -> None:
    """Of the host, or of another one that is given."""
    with certificates.serving(AckingServer()) as sink:
        wrong = Trust(ca=certificates.ca, server_name="other.example.org")
        assert "other.example.org" in trouble(sink, wrong)
        assert is_delivered(sink, Trust(ca=certificates.ca, server_name="hep.example.org"))


def test_anybody_is_believed_where_that_is_wanted(certificates: Certificates) -> None:
    """Insecure means just that."""
    with certificates.serving(AckingServer()) as sink:
        assert is_delivered(sink, Trust(is_insecure=True))


def test_a_client_certificate_is_shown(certificates: Certificates) -> None:
    """From one file or from two; without one the line says so."""
    with certificates.serving(AckingServer(), asks_client=True) as sink:
        for trust in (
            Trust(ca=certificates.ca, certificate=certificates.both),
            Trust(ca=certificates.ca, certificate=certificates.certificate, key=certificates.key),
        ):
            assert is_delivered(sink, trust)
        assert "--cert" in trouble(sink, Trust(ca=certificates.ca))


def test_a_server_without_tls_is_named_so() -> None:
    """One that answers something else, and one that hangs up."""

    def greet(_sink: TcpSink, connection: socket.socket) -> None:
        connection.sendall(b"220 mail.example.org ESMTP\r\n")
        connection.recv(65_536)

    def hang_up(_sink: TcpSink, connection: socket.socket) -> None:
        connection.recv(65_536)

    with TcpSink(greet) as sink:
        assert "does not speak TLS" in trouble(sink, Trust())
    with TcpSink(hang_up) as sink:
        assert "during the TLS handshake" in trouble(sink, Trust())


def test_a_server_that_does_not_shake_hands_is_given_up() -> None:
    """After the limit for connecting."""
    with TcpSink(TcpSink.keep_open) as sink:
        target = Target(Scheme.TLS, "127.0.0.1", sink.port)
        with pytest.raises(TimeoutError) as raised:
            Dialler(target, Trust(), seconds=0.2).dial()
        assert "handshake" in explain(raised.value)
        sink.released.set()


def test_files_and_names_that_cannot_be_used_are_told(
    certificates: Certificates, tmp_path: Path
) -> None:
    """Before anything is connected."""
    garbage = tmp_path / "garbage.pem"
    garbage.write_text("no certificate\n")
    missing = tmp_path / "missing.pem"
    wrong_key = tmp_path / "wrong.key"
    trustme.CA().issue_cert("x.example.org").private_key_pem.write_to_path(wrong_key)
    cases = [
        (Trust(server_name=".example.org"), "'.example.org' is no name of a TLS server"),
        (Trust(server_name="a" * 64 + ".org"), "is no name of a TLS server"),
        (Trust(ca=missing), "missing.pem: No such file"),
        (Trust(ca=garbage), "garbage.pem: no CA certificate"),
        (Trust(certificate=missing), "missing.pem: No such file"),
        (Trust(certificate=certificates.certificate, key=missing), "missing.pem: No such file"),
        (Trust(certificate=garbage), "garbage.pem: not certificate and key"),
        (Trust(certificate=certificates.certificate), "agent.crt: not certificate and key"),
        (Trust(certificate=certificates.certificate, key=wrong_key), "does not belong to"),
    ]
    for trust, words in cases:
        with pytest.raises(ValueError, match=words):
            Dialler(Target(Scheme.TLS, "127.0.0.1", 1), trust)
