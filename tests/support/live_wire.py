"""What tests of live capture do on a wire: calls and packets, and a second tool as a witness."""

import signal
import socket
import subprocess
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import ip_address
from pathlib import Path

from hep import HepPacket
from support.dissected import wrapped_sip
from support.frames import ethernet, ipv4, make_options, udp
from support.live_capture import AckingSink, LiveCapture
from support.namespaces import ALICE, BOB, Namespace
from support.ports import is_bound
from support.service import until
from support.siptools import program, read_sip

VLAN_CHUNK = 18
_WITNESSED = "udp or tcp or (ip6 and not icmp6) or vlan"
"""All that may be SIP; an answer of ICMPv6 quotes a message, which is none then."""

CALL_MESSAGES = 6
"""Of a call of SIPp's own scenario, when nothing is sent again."""


def capturing(place: Namespace, sink: AckingSink, *words: str, interface: str = "") -> LiveCapture:
    """A capture at a place that sends to a sink; it keeps nothing on disk unless words say so."""
    target = ["--send", f"tcp://127.0.0.1:{sink.port}", "--acks", "require", "--node", "edge"]
    target += [] if "--spool-dir" in words else ["--spool-mb", "0"]
    return LiveCapture(place, *target, *words, interface=interface)


@contextmanager
def witness(place: Namespace, folder: Path, interface: str = "") -> Iterator[Path]:
    """Dumpcap beside the capture; the file is complete behind the block."""
    path = folder / "witness.pcap"
    words = ["-q", "-P", "-B", "64", "-i", interface or place.wire, "-w", str(path)]
    with (folder / "dumpcap.log").open("w+") as log:
        process = subprocess.Popen(
            place.command(program("dumpcap"), *words, "-f", _WITNESSED),
            stderr=log,
            stdin=subprocess.DEVNULL,
        )
        try:
            until(lambda: _has_passed(place, path, b"begin"), "dumpcap to begin")
            yield path
            # It writes late; what came before this is in the file by then.
            until(lambda: _has_passed(place, path, b"end"), "dumpcap to write")
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(120)


def _has_passed(place: Namespace, path: Path, word: bytes) -> bool:
    """Put a frame with a word on the wire; say whether one has come into the file."""
    send_frames(place, [ethernet(ipv4(udp(b"witness " + word, ports=(9, 9))))])
    return path.exists() and b"witness " + word in path.read_bytes()


def calls(
    alice: Namespace, bob: Namespace, folder: Path, *, count: int, rate: int,
    hosts: tuple[str, str] = (ALICE, BOB), transport: str = "u1",
) -> None:  # fmt: skip
    """Have SIPp make calls from Alice to Bob; return once all have ended, as they may."""
    here, there = (f"[{host}]" if ":" in host else host for host in hosts)
    quiet = ["-nostdin", "-i"]
    places = [folder / "uac", folder / "uas"]
    for place in places:
        place.mkdir(exist_ok=True)
    sipp = program("sipp")
    with (folder / "sipp.log").open("wb") as log:
        answering = subprocess.Popen(
            bob.command(sipp, "-sn", "uas", "-t", transport, *quiet, there, "-p", "5060"),
            cwd=places[1], stdout=log, stderr=log, stdin=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            kind = socket.SOCK_STREAM if transport.startswith("t") else socket.SOCK_DGRAM
            until(lambda: bob.call(lambda: is_bound(5060, kind)), "SIPp to listen")
            done = subprocess.run(
                alice.command(
                    sipp, "-sn", "uac", f"{there}:5060", "-t", transport, *quiet, here,
                    "-p", "5060",
                    "-m", str(count), "-r", str(rate), "-l", str(count), "-d", "100",
                ),
                check=False, cwd=places[0], stdout=log, stderr=log, stdin=subprocess.DEVNULL,
                timeout=240,
            )  # fmt: skip
        finally:
            answering.kill()
            answering.wait()
    # 1: some calls failed, as happens on a busy machine; the witness saw what there was.
    assert done.returncode in (0, 1), (folder / "sipp.log").read_text(errors="replace")[-2000:]


def told(packets: list[HepPacket]) -> Counter[tuple[str, int, str, int, str]]:
    """Addresses, ports and bytes of what a server got, each as often as it came."""
    return Counter(
        (
            str(ip_address(one.source)),
            one.source_port,
            str(ip_address(one.destination)),
            one.destination_port,
            one.payload.hex(),
        )
        for one in packets
    )


def witnessed(path: Path) -> Counter[tuple[str, int, str, int, str]]:
    """The same of what tshark reads in a capture file."""
    return Counter((*one.source, *one.destination, one.payload) for one in read_sip(path))


def messages_of_streams(path: Path) -> Counter[tuple[str, int, str, int, str]]:
    """The same of the messages that tshark puts together out of TCP."""
    found = wrapped_sip(path, "-o", "tcp.reassemble_out_of_order:TRUE")
    return Counter(
        (one.source, one.ports[0], one.destination, one.ports[1], one.payload.hex())
        for one in found
    )


def send_frames(place: Namespace, frames: list[bytes]) -> None:
    """Put frames on the wire as they are."""

    def send() -> None:
        with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as raw:
            raw.bind((place.wire, 0))
            for frame in frames:
                raw.send(frame)

    place.call(send)


def send_datagrams(
    place: Namespace,
    payloads: list[bytes],
    host: str = BOB,
    port: int = 5060,
    *,
    source_port: int = 5070,
) -> None:
    """Send datagrams as a program does."""

    def send() -> None:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        with socket.socket(family, socket.SOCK_DGRAM) as plain:
            plain.bind(("", source_port))
            for payload in payloads:
                plain.sendto(payload, (host, port))

    place.call(send)


def options(count: int, name: str = "call") -> list[bytes]:
    """Messages that differ."""
    return [make_options(f"{name}-{number}") for number in range(count)]


def vlans(packet: HepPacket) -> tuple[int, ...]:
    """The VLAN that a packet tells."""
    return tuple(
        int.from_bytes(data, "big") for _, kind, data in packet.extra if kind == VLAN_CHUNK
    )
