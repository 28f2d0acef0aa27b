"""HEP over TLS: to whom it is sent, and that the rest is as over TCP."""

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import trustme

from hep import HepPacket, decode3, encode3
from hepscope_capture.clock import SystemClock
from hepscope_capture.senders.dialling import Dialler
from hepscope_capture.senders.sender import SendError
from hepscope_capture.senders.stream import Acks, stream_sender
from hepscope_capture.senders.target import Scheme, Target
from hepscope_capture.senders.trust import Trust
from support.sinks import TcpSink
from unit.capture.acking_server import AckingServer, Serve


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


def dialler_to(port: int, trust: Trust, host: str = "127.0.0.1") -> Dialler:
    """The way to a port of this machine."""
    return Dialler(Target(Scheme.TLS, host, port), trust)


def hep(number: int) -> bytes:
    """A packet that tells its number."""
    payload = b"%08d" % number + bytes(600)
    return encode3(HepPacket(source=bytes(4), destination=bytes(4), payload=payload))


def test_everything_is_acknowledged_over_tls(certificates: Certificates) -> None:
    """Also across connections that break."""
    server = AckingServer([50, 400])
    with certificates.serving(server) as sink:
        dialler = dialler_to(sink.port, Trust(ca=certificates.ca))
        with stream_sender(dialler, SystemClock()) as sender:
            for number in range(5000):
                sender.send(hep(number))
            sender.finish()
            counts = sender.counts
    numbers = [int(server.stored[seq].payload[:8]) for seq in sorted(server.stored)]
    assert numbers == list(range(5000))
    assert (counts.acknowledged, counts.reconnects) == (5000, 2)


@pytest.mark.parametrize("acks", [Acks.AUTO, Acks.NEVER])
def test_a_plain_server_gets_everything_over_tls(certificates: Certificates, acks: Acks) -> None:
    """More than all buffers hold; it hears that nothing follows, and so can tell the end."""
    packets = [hep(number) for number in range(20_000)]
    ends: list[bytes] = []

    def serve(sink: TcpSink, connection: socket.socket) -> None:
        # Raises where the client goes without a word.
        connection.setblocking(True)
        sink.read_all(connection)
        ends.append(b"")

    with certificates.serving(serve) as sink:
        dialler = dialler_to(sink.port, Trust(ca=certificates.ca))
        with stream_sender(dialler, SystemClock(), acks=acks) as sender:
            for packet in packets:
                sender.send(packet)
            sender.finish()
            counts = sender.counts
        sink.stop()
        arrived = sink.packets
    if acks is Acks.AUTO:
        del arrived[0]
    assert arrived == packets
    assert ends == [b""]
    assert (counts.sent, counts.maybe_lost, counts.acknowledged) == (20_000, 0, 0)


def refusal(dialler: Dialler) -> str:
    """What the user reads when nobody is reached."""
    with pytest.raises(SendError) as error, stream_sender(dialler, SystemClock()):
        pytest.fail("there is no sender")
    return str(error.value)


def test_a_stranger_is_not_believed(certificates: Certificates) -> None:
    """Neither the system's CAs nor another CA vouch for it; the line says what helps."""
    with certificates.serving(AckingServer()) as sink:
        for trust in (Trust(), Trust(ca=certificates.other_ca)):
            text = refusal(dialler_to(sink.port, trust))
            assert text.startswith(f"cannot connect to tls://127.0.0.1:{sink.port}: ")
            assert "not trusted" in text
            assert "--ca" in text


def test_a_certificate_is_for_a_name(certificates: Certificates) -> None:
    """Of the host, or of another one that is given."""
    with certificates.serving(AckingServer()) as sink:
        wrong = Trust(ca=certificates.ca, server_name="other.example.org")
        assert "other.example.org" in refusal(dialler_to(sink.port, wrong))
        right = Trust(ca=certificates.ca, server_name="hep.example.org")
        with stream_sender(dialler_to(sink.port, right), SystemClock()) as sender:
            assert sender.counts.is_acknowledged


def test_anybody_is_believed_where_that_is_wanted(certificates: Certificates) -> None:
    """Insecure means just that."""
    with certificates.serving(AckingServer()) as sink:
        trust = Trust(is_insecure=True)
        with stream_sender(dialler_to(sink.port, trust), SystemClock()) as sender:
            sender.send(hep(1))
            sender.finish()
            assert sender.counts.acknowledged == 1


def test_a_client_certificate_is_shown(certificates: Certificates) -> None:
    """From one file or from two; without one the line says so."""
    with certificates.serving(AckingServer(), asks_client=True) as sink:
        for trust in (
            Trust(ca=certificates.ca, certificate=certificates.both),
            Trust(ca=certificates.ca, certificate=certificates.certificate, key=certificates.key),
        ):
            with stream_sender(dialler_to(sink.port, trust), SystemClock()) as sender:
                sender.send(hep(1))
                sender.finish()
        assert "--cert" in refusal(dialler_to(sink.port, Trust(ca=certificates.ca)))


def test_a_server_without_tls_is_named_so() -> None:
    """One that answers something else, and one that hangs up."""

    def greet(_sink: TcpSink, connection: socket.socket) -> None:
        connection.sendall(b"220 mail.example.org ESMTP\r\n")
        connection.recv(65_536)

    def hang_up(_sink: TcpSink, connection: socket.socket) -> None:
        connection.recv(65_536)

    with TcpSink(greet) as sink:
        assert "does not speak TLS" in refusal(dialler_to(sink.port, Trust()))
    with TcpSink(hang_up) as sink:
        assert "during the TLS handshake" in refusal(dialler_to(sink.port, Trust()))


def test_a_server_that_does_not_shake_hands_is_given_up() -> None:
    """After the limit for connecting."""
    with TcpSink(TcpSink.keep_open) as sink:
        target = Target(Scheme.TLS, "127.0.0.1", sink.port)
        assert "handshake" in refusal(Dialler(target, Trust(), seconds=0.2))
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
            dialler_to(1, trust)


def test_what_came_over_tls_can_be_decoded(certificates: Certificates) -> None:
    """The packets are those of TCP, byte for byte, with their numbers."""
    server = AckingServer()
    with certificates.serving(server) as sink:
        dialler = dialler_to(sink.port, Trust(ca=certificates.ca))
        with stream_sender(dialler, SystemClock()) as sender:
            sender.send(hep(3))
            sender.finish()
    assert server.stored[1].payload == decode3(hep(3)).payload
