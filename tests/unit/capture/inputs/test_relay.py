"""The relay over real sockets: what peers send comes out, in order, or is counted."""

import contextlib
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import ip_network
from pathlib import Path

import pytest
import trustme

from hep import encode_ack, encode_hello
from hepscope_capture.inputs.input import InputError
from hepscope_capture.inputs.plans import RelayPlan, parse_relay
from hepscope_capture.inputs.relay import Relay
from hepscope_capture.senders.target import Scheme
from support.builders import make_packet, make_request
from support.service import until
from unit.capture.inputs.collecting import CollectingSink
from unit.capture.inputs.rulings import Rulings

SECONDS = 60.0


class Relaying:
    """A relay that runs, with what came out of it."""

    def __init__(self, relay: Relay, sink: CollectingSink) -> None:
        self.relay = relay
        self.sink = sink

    def address(self, scheme: Scheme = Scheme.UDP) -> tuple[str, int]:
        """Where it listens."""
        found = next(one for one in self.relay.addresses if one.scheme is scheme)
        return found.host, found.port

    def connect(self) -> socket.socket:
        """A connection to it."""
        return socket.create_connection(self.address(Scheme.TCP), timeout=SECONDS)

    def wait_for(self, count: int) -> list[bytes]:
        """The packets, once there are so many."""
        until(lambda: self.sink.has(count), f"{count} packets come out", seconds=SECONDS)
        return [packet for _, packet in self.sink.packets]


@contextmanager
def relaying(
    listen: str = "udp://127.0.0.1:0,tcp://127.0.0.1:0", **more: object
) -> Iterator[Relaying]:
    """A relay that listens on free ports."""
    plan = RelayPlan(parse_relay(listen), **more)  # type: ignore[arg-type]
    relay, sink = Relay(plan, auth_key=None, rules=Rulings), CollectingSink()
    relay.start(sink)
    try:
        yield Relaying(relay, sink)
    finally:
        relay.stop()


def packets(count: int) -> list[bytes]:
    """Numbered packets of several sizes."""
    return [
        make_packet(make_request(call_id=f"call-{number}", body="x" * (number * 37 % 900)))
        for number in range(count)
    ]


def test_datagrams_come_out_as_they_came() -> None:
    """In the order of their arrival."""
    sent = packets(200)
    with relaying() as run, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer:
        for packet in sent:
            peer.sendto(packet, run.address())
        assert run.wait_for(200) == sent
        assert run.relay.counts.passed == 200


@pytest.mark.parametrize("size", [1, 7, 1460, 1_000_000])
def test_a_stream_comes_out_whole_however_it_is_split(size: int) -> None:
    """Single bytes, segments, all at once."""
    sent = packets(20 if size == 1 else 300)
    data = b"".join(sent)
    with relaying() as run, run.connect() as peer:
        peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for at in range(0, len(data), size):
            peer.sendall(data[at : at + size])
        assert run.wait_for(len(sent)) == sent


def test_runs_of_one_type_stay_in_order() -> None:
    """What sends sorts by type, so it is told with each run."""
    sent = [make_packet(b"{}", protocol_type=kind) for kind in (5, 5, 100, 5, 35, 35)]
    with relaying() as run, run.connect() as peer:
        peer.sendall(b"".join(sent))
        assert run.wait_for(6) == sent
        assert [kind for kind, _ in run.sink.packets] == [5, 5, 100, 5, 35, 35]


def test_garbage_between_packets_is_skipped_and_counted() -> None:
    """Senders exist whose lengths are a few bytes short."""
    one, two = packets(2)
    with relaying() as run, run.connect() as peer:
        peer.sendall(one + b"garbage" + two)
        assert run.wait_for(2) == [one, two]
        assert run.relay.counts.skipped_bytes == 7


def test_a_stream_of_garbage_is_closed() -> None:
    """Nothing good is to be expected of it."""
    with relaying() as run, run.connect() as peer:
        # It is a reset, that may come amid the sending, where the end is not read any more.
        with contextlib.suppress(ConnectionError):
            peer.sendall(bytes(70_000))
            assert peer.recv(1) == b""
        assert run.relay.counts.refused["not_hep"] == 1


def test_tls_on_a_plain_address_is_refused_at_once() -> None:
    """Its speaker would wait for an answer for ever."""
    with relaying() as run, run.connect() as peer:
        with pytest.raises(OSError, match=r"."):
            ssl._create_unverified_context().wrap_socket(peer)
        assert run.relay.serving.refused["tls_on_plain"] == 1


def test_more_connections_than_allowed_are_closed() -> None:
    """Each may hold a packet's worth of memory."""
    with relaying(connections=1) as run, run.connect() as first:
        first.sendall(packets(1)[0])
        run.wait_for(1)
        with run.connect() as second:
            assert second.recv(1) == b""
        assert run.relay.serving.refused["too_many"] == 1
        assert run.relay.serving.connections == 1


def test_strangers_are_refused() -> None:
    """Over both transports, and counted."""
    with relaying(peers=(ip_network("192.0.2.0/24"),)) as run, run.connect() as peer:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
            other.sendto(packets(1)[0], run.address())
        assert peer.recv(1) == b""
        refused = run.relay.serving.refused
        until(lambda: refused["stranger"] == 2, "both are refused", seconds=SECONDS)
        assert run.sink.packets == []


def test_what_has_arrived_comes_out_at_the_end() -> None:
    """The kernel's buffers are read before the end."""
    sent = packets(500)
    with (
        relaying() as run,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams,
        run.connect() as stream,
    ):
        stream.sendall(b"".join(sent[:250]) + sent[250][:50])
        for packet in sent[250:]:
            datagrams.sendto(packet, run.address())
        run.relay.stop()
    assert sorted(packet for _, packet in run.sink.packets) == sorted(sent)
    assert run.relay.counts.cut_at_close == 1


def test_who_was_not_let_in_yet_is_heard_at_the_end() -> None:
    """The kernel lets connections in, and takes what they send, before the relay does."""
    sent = packets(100)
    with relaying() as run:
        for packet in sent:
            with run.connect() as peer:
                peer.sendall(packet)
        run.relay.stop()
    assert sorted(packet for _, packet in run.sink.packets) == sorted(sent)
    assert run.relay.serving.connections == 0


def test_an_address_in_use_is_told_and_nothing_stays_bound() -> None:
    """The line names the one that is taken."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        plan = RelayPlan(parse_relay(f"udp://127.0.0.1:{port},tcp://127.0.0.1:{port}"))
        relay = Relay(plan, auth_key=None, rules=Rulings)
        with pytest.raises(InputError, match=f"tcp://127.0.0.1:{port}: cannot listen there"):
            relay.start(CollectingSink())
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as again:
            again.bind(("127.0.0.1", port))


def test_all_addresses_take_ipv4_as_well() -> None:
    """One socket is enough."""
    sent = packets(1)
    with relaying("udp://[::]:0") as run:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer:
            peer.sendto(sent[0], ("127.0.0.1", run.address()[1]))
        assert run.wait_for(1) == sent


@pytest.fixture
def authority(tmp_path: Path) -> trustme.CA:
    """A CA with certificate and key of ours in files."""
    ca = trustme.CA()
    ca.cert_pem.write_to_path(tmp_path / "ca.pem")
    ca.issue_cert("relay.example.org").private_key_and_cert_chain_pem.write_to_path(
        tmp_path / "relay.pem"
    )
    return ca


def client_context(authority: trustme.CA) -> ssl.SSLContext:
    """A context that trusts the CA."""
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


def is_refused(peer: ssl.SSLSocket) -> bool:
    """Whether the other side ends the conversation once it hears something."""
    try:
        peer.sendall(packets(1)[0])
        return peer.recv(1) == b""
    except OSError:
        return True


def test_tls_comes_out_as_it_came(authority: trustme.CA, tmp_path: Path) -> None:
    """Records hold more than one reading, too."""
    sent = packets(300)
    with (
        relaying("tls://127.0.0.1:0", certificate=tmp_path / "relay.pem") as run,
        socket.create_connection(run.address(Scheme.TLS), timeout=SECONDS) as plain,
        client_context(authority).wrap_socket(plain, server_hostname="relay.example.org") as peer,
    ):
        peer.sendall(b"".join(sent))
        assert run.wait_for(300) == sent


def test_answers_go_over_tls_as_well(authority: trustme.CA, tmp_path: Path) -> None:
    """An agent of ours is told what is safe."""
    origin = bytes(range(16))
    with (
        relaying("tls://127.0.0.1:0", certificate=tmp_path / "relay.pem") as run,
        socket.create_connection(run.address(Scheme.TLS), timeout=SECONDS) as plain,
        client_context(authority).wrap_socket(plain, server_hostname="relay.example.org") as peer,
    ):
        peer.sendall(encode_hello(origin))
        assert peer.recv(1000) == encode_ack(origin, 0)
        peer.sendall(make_packet(make_request(), origin=origin, seq=1))
        assert peer.recv(1000) == encode_ack(origin, 1)


def test_tls_asks_for_a_certificate(authority: trustme.CA, tmp_path: Path) -> None:
    """Whoever has none sends nothing."""
    with relaying(
        "tls://127.0.0.1:0", certificate=tmp_path / "relay.pem", client_ca=tmp_path / "ca.pem"
    ) as run:
        context = client_context(authority)
        address = run.address(Scheme.TLS)
        with (
            socket.create_connection(address, timeout=SECONDS) as plain,
            context.wrap_socket(plain, server_hostname="relay.example.org") as peer,
        ):
            assert is_refused(peer)
        authority.issue_cert("agent.example.org").configure_cert(context)
        with (
            socket.create_connection(address, timeout=SECONDS) as plain,
            context.wrap_socket(plain, server_hostname="relay.example.org") as peer,
        ):
            peer.sendall(packets(1)[0])
            assert run.wait_for(1) == packets(1)
        assert run.relay.serving.refused["handshake"] == 1


@pytest.mark.parametrize("name", ["", "missing.pem", "ca.pem"])
@pytest.mark.usefixtures("authority")
def test_a_certificate_that_cannot_be_used_is_told(name: str, tmp_path: Path) -> None:
    """Before anything is bound."""
    certificate = tmp_path / name if name else None
    plan = RelayPlan(parse_relay("tls://127.0.0.1:0"), certificate=certificate)
    relay = Relay(plan, auth_key=None, rules=Rulings)
    with pytest.raises(InputError, match=name or "certificate"):
        relay.start(CollectingSink())


@pytest.mark.usefixtures("authority")
def test_plain_hep_on_a_tls_address_is_refused(tmp_path: Path) -> None:
    """As a handshake that failed."""
    with (
        relaying("tls://127.0.0.1:0", certificate=tmp_path / "relay.pem") as run,
        socket.create_connection(run.address(Scheme.TLS), timeout=SECONDS) as peer,
    ):
        peer.sendall(packets(1)[0])
        refused = run.relay.serving.refused
        until(lambda: refused["handshake"] == 1, "it is refused", seconds=SECONDS)
