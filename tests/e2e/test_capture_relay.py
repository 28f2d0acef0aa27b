"""The capture agent as relay, as a process: agents in, several servers out, logs beside them."""

import contextlib
import signal
import socket
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from hep import HepPacket, decode3, encode3
from support.builders import make_packet, make_request
from support.daemon import Daemon
from support.service import until
from support.sinks import TcpSink, cut_packets
from support.siptools import free_port
from unit.capture.acking_server import AckingServer

SECONDS = 120.0
OURS, THEIRS = b"key-of-ours", b"key-of-theirs"


def relay(folder: Path, port: int, *servers: int, **more: str) -> Daemon:
    """An agent that only relays, and follows the logs in a folder."""
    settings = {
        "RELAY__LISTEN": f"udp://127.0.0.1:{port},tcp://127.0.0.1:{port}",
        "SEND": "\n".join(f"tcp://127.0.0.1:{server}" for server in servers),
        "SPOOL_DIR": str(folder / "spool"),
        **more,
    }
    return Daemon("hepscope_capture", named(settings))


def named(settings: Mapping[str, str]) -> dict[str, str]:
    """Settings by their names in the environment."""
    return {f"HEPSCOPE_CAPTURE__{name}": text for name, text in settings.items()}


def packets(first: int, count: int) -> list[bytes]:
    """Packets of an agent, numbered; every fifth is an OPTIONS."""
    return [
        make_packet(
            make_request("INVITE" if number % 5 else "OPTIONS", f"call-{number}@example.org"),
            node_id=7,
            node_name=b"their node",
            auth_key=THEIRS,
        )
        for number in range(first, first + count)
    ]


def is_options(packet: HepPacket) -> bool:
    """Whether a packet holds an OPTIONS."""
    return packet.payload.startswith(b"OPTIONS")


def expected(sent: list[bytes]) -> list[bytes]:
    """What leaves of what was sent: no OPTIONS, our key, all else as it came."""
    decoded = [decode3(data) for data in sent]
    return [encode3(replace(one, auth_key=OURS)) for one in decoded if not is_options(one)]


def arrived(sink: TcpSink) -> list[bytes]:
    """The packets that a server has, of all its connections."""
    found = []
    for data in list(sink.connections):
        whole = bytes(data)
        found += cut_packets(whole[: _end_of_last(whole)])
    return [packet for packet in found if len(packet) > 100]


def _end_of_last(data: bytes) -> int:
    at = 0
    while at + 6 <= len(data) and at + int.from_bytes(data[at + 4 : at + 6], "big") <= len(data):
        at += int.from_bytes(data[at + 4 : at + 6], "big")
    return at


def test_one_agent_to_two_servers_with_a_filter_a_key_and_logs(tmp_path: Path) -> None:
    """A server that acknowledges and a plain one get the same, each in the order of its agent."""
    over_tcp, over_udp = packets(0, 500), packets(1000, 100)
    log, port, acking = tmp_path / "k.log", free_port(), AckingServer()
    log.touch()
    with TcpSink() as plain, TcpSink(acking) as ours:
        agent = relay(
            tmp_path,
            port,
            ours.port,
            plain.port,
            RELAY__REPLACE_KEY="true",
            AUTH_KEY=OURS.decode(),
            FILTERS__EXCLUDE_METHODS="OPTIONS",
            LOGS__FILES=str(log),
        )
        with agent, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams:
            # The relay listens before the log is followed, and that begins at its end.
            until(lambda: "capturing from" in agent.log, "all inputs to run", seconds=SECONDS)
            with connect(port) as stream:
                stream.sendall(b"".join(over_tcp))
                for packet in over_udp:
                    datagrams.sendto(packet, ("127.0.0.1", port))
                with log.open("a") as file:
                    file.write("callid=call-1@example.org routed\n")
                wanted = len(expected(over_tcp)) + len(expected(over_udp)) + 1
                until(
                    lambda: len(arrived(plain)) >= wanted, "all at the plain one", seconds=SECONDS
                )
                until(lambda: len(acking.stored) >= wanted, "all at ours", seconds=SECONDS)
            samples = agent.metrics()
            assert agent.signal(signal.SIGTERM) == 0, agent.log
        got = arrived(plain)
    lines = [one for one in got if decode3(one).protocol_type == 100]
    assert [decode3(one).correlation_id for one in lines] == [b"call-1@example.org"]
    from_tcp = expected(over_tcp)
    assert [one for one in got if one in set(from_tcp)] == from_tcp
    assert sorted(one for one in got if one not in lines) == sorted(from_tcp + expected(over_udp))
    stored = [acking.stored[number] for number in sorted(acking.stored)]
    assert {one.payload for one in stored} == {decode3(one).payload for one in got}
    ruled_out = len(over_tcp) + len(over_udp) - wanted + 1
    assert samples.value("hepscope_capture_inputs_total", input="relay", event="ruled_out") == (
        ruled_out
    )


def test_a_relay_keeps_what_a_server_cannot_take(tmp_path: Path) -> None:
    """The server does not answer, the agent goes away, the relay is killed; nothing is lost."""
    sent, port, acking = packets(0, 2000), free_port(), AckingServer()
    server = TcpSink(acking)
    with relay(tmp_path, port, server.port, ACKS="require") as agent:
        with connect(port) as stream:
            stream.sendall(b"".join(sent))
        until(
            lambda: agent.metrics().value("hepscope_capture_spool_packets") == len(sent),
            "all on disk",
            seconds=SECONDS,
        )
        agent.signal(signal.SIGKILL)
    with server, relay(tmp_path, port, server.port, ACKS="require") as again:
        until(lambda: len(acking.stored) >= len(sent), "all at the server", seconds=SECONDS)
        assert again.signal(signal.SIGTERM) == 0, again.log
    stored = [acking.stored[number].payload for number in sorted(acking.stored)]
    assert stored == [decode3(one).payload for one in sent]


def test_a_chain_of_agents_loses_nothing_and_stores_once(tmp_path: Path) -> None:
    """Acknowledgements between all; the last server stalls, the relay before it is killed."""
    sent, acking = packets(0, 2000), AckingServer()
    server, first, second = TcpSink(acking), free_port(), free_port()
    (tmp_path / "first").mkdir()
    with (
        relay(tmp_path / "first", first, second, ACKS="require") as near,
        relay(tmp_path, second, server.port, ACKS="require") as far,
    ):
        with connect(first) as stream:
            stream.sendall(b"".join(sent))
        until(
            lambda: (
                far.metrics().value(
                    "hepscope_capture_inputs_total", input="relay", event="acknowledged"
                )
                == len(sent)
            ),
            "the second relay to keep all on disk, and to say so",
            seconds=SECONDS,
        )
        far.signal(signal.SIGKILL)
        far.start()
        with server:
            until(lambda: len(acking.stored) >= len(sent), "all at the server", seconds=SECONDS)
            assert near.signal(signal.SIGTERM) == 0, near.log
            assert far.signal(signal.SIGTERM) == 0, far.log
    stored = [acking.stored[number].payload for number in sorted(acking.stored)]
    assert stored == [decode3(one).payload for one in sent]


def connect(port: int) -> socket.socket:
    """A connection to the relay, once it listens."""

    def connected() -> socket.socket | None:
        with contextlib.suppress(ConnectionRefusedError):
            return socket.create_connection(("127.0.0.1", port), timeout=SECONDS)
        return None

    return until(connected, "the relay to listen", seconds=SECONDS)
