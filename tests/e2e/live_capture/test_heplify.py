"""The command line of heplify before real traffic: what it sends is HEP, by what was asked."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from hep import HepPacket, decode3
from support.live_capture import LiveHeplify
from support.live_wire import options, send_datagrams
from support.namespaces import ALICE, Namespace
from support.service import until


@contextmanager
def udp_sink(place: Namespace) -> Iterator[tuple[int, list[HepPacket]]]:
    """A HEP server over UDP at 127.0.0.1 of a namespace: its port, and what has come."""
    receiver = place.call(lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
    packets: list[HepPacket] = []

    def serve() -> None:
        while data := receiver.recv(65_535):
            packets.append(decode3(data))

    with receiver:
        receiver.bind(("127.0.0.1", 0))
        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield receiver.getsockname()[1], packets
        finally:
            # An empty datagram ends it.
            place.call(lambda: _send_empty(receiver.getsockname()))
            thread.join()


def _send_empty(address: tuple[str, int]) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.sendto(b"", address)


def test_the_line_of_a_unit_file(wire: tuple[Namespace, Namespace]) -> None:
    """With the guide's flags: heplify's node id, the key, methods left out with their answers."""
    alice, bob = wire
    other = options(1, "other")[0].replace(b"OPTIONS", b"MESSAGE")
    answer = other.replace(b"MESSAGE sip:bob@example.com SIP/2.0", b"SIP/2.0 200 OK")
    wanted = options(5)
    assert other.startswith(b"MESSAGE ")
    with udp_sink(bob) as (port, packets):
        words = ["-i", bob.wire, "-hs", f"127.0.0.1:{port}", "-m", "SIPRTCP"]
        with LiveHeplify(bob, *words, "-hp", "secret", "-dim", "MESSAGE") as capture:
            send_datagrams(alice, [other, answer, *wanted])
            until(lambda: len(packets) >= len(wanted), "packets")
            until(lambda: capture.readiness()[0], "readiness")
            assert capture.end() == 0, capture.log
    assert [packet.payload for packet in packets] == wanted
    first = packets[0]
    assert (first.node_id, first.auth_key, first.protocol_type) == (2002, b"secret", 1)
    assert socket.inet_ntoa(first.source) == ALICE
