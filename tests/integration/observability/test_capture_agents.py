"""The dashboard of capture agents, and the series of their alerts, on agents that capture.

Two agents: one with workers on the loopback of this machine, with a relay and log lines beside it
and a second server that is not there; one that watches a directory.
"""

import socket
import struct
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import pytest

from hep.rtcp import encode
from support.builders import make_packet, make_request
from support.daemon import Daemon
from support.frames import pcap, sip_frame
from support.grafana import label_values, promql
from support.live_capture import AckingSink
from support.media_traffic import compound, description, message
from support.namespaces import here
from support.panel_data import series_of_alerts, without_data
from support.prometheus import Prometheus
from support.service import until
from support.siptools import free_port

AGENTS = "capture_agents"
HOST = "127.0.0.1"


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    """A Prometheus that has read both agents before and after traffic of all kinds."""
    place = here()
    folder = tmp_path_factory.mktemp("agents")
    ports = {name: free_port() for name in ("sip", "relay", "logs", "away")}
    with ExitStack() as stack:
        server = stack.enter_context(AckingSink(place))
        sends = f"tcp://{HOST}:{server.port}"
        wire = stack.enter_context(_agent(
            folder / "wire",
            INTERFACE="lo",
            WORKERS="2",
            PORTS=str(ports["sip"]),
            SEND=f"{sends}\ntcp://{HOST}:{ports['away']}",
            FILTERS__EXCLUDE_METHODS="OPTIONS",
            RTP_SAMPLE="1",
            RELAY__LISTEN=f"udp://{HOST}:{ports['relay']}",
            LOGS__LISTEN=f"udp://{HOST}:{ports['logs']}",
        ))  # fmt: skip
        (folder / "pcap").mkdir()
        files = stack.enter_context(
            _agent(folder / "files", WATCH=str(folder / "pcap"), SEND=sends)
        )
        targets = [one.ops.removeprefix("http://") for one in (wire, files)]
        prometheus = stack.enter_context(Prometheus(targets))
        until(lambda: len(prometheus.query("hepscope_capture_messages_total")) == 2, "both agents")
        _play(ports)
        (folder / "pcap" / "one.pcap").write_bytes(pcap([(0, sip_frame())]))
        for expression in (
            "min(hepscope_capture_messages_total)",
            'max(hepscope_capture_rtcp_total{event="seen"})',
            'max(hepscope_capture_tcp_total{event="messages"})',
            f'max(hepscope_capture_spool_packets{{destination=~".*:{ports["away"]}"}})',
            'max(hepscope_capture_inputs_total{event="passed"})',
            'max(hepscope_capture_seen_packets_total{protocol="rtp"})',
            'max(hepscope_capture_not_sent_total{reason="not_sip"})',
        ):
            until(partial(_is_above_zero, prometheus, expression), expression)
        # Growth is between two scrapes.
        at = prometheus.value("min(timestamp(hepscope_capture_messages_total))")
        newer = f"min(timestamp(hepscope_capture_messages_total)) > {at}"
        until(lambda: bool(prometheus.query(newer)), "another scrape")
        yield prometheus


def _is_above_zero(prometheus: Prometheus, expression: str) -> bool:
    return (prometheus.value(expression) or 0) > 0


def _agent(folder: Path, **settings: str) -> Daemon:
    own = {f"HEPSCOPE_CAPTURE__{name}": text for name, text in settings.items()}
    return Daemon("hepscope_capture", {**own, "HEPSCOPE_CAPTURE__SPOOL_DIR": str(folder)})


def _play(ports: dict[str, int]) -> None:
    """Send SIP of each transport, RTP, RTCP with and without a call, HEP, a log, and garbage."""
    media = (HOST, free_port())
    call = message("INVITE sip:bob@example.com SIP/2.0", "agents-1", description(media))
    at = (HOST, ports["sip"])
    with socket.create_server(at) as listener, socket.create_connection(at) as stream:
        stream.sendall(make_request("MESSAGE", "agents-2"))
        accepted, _ = listener.accept()
        with accepted:
            accepted.recv(4096)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for payload, port in (
            (call, ports["sip"]),
            (make_request("OPTIONS", "agents-3"), ports["sip"]),
            (b"\0\0keep-alive", ports["sip"]),
            (encode(*compound()), media[1] + 1),
            (encode(*compound()), free_port()),
            (make_packet(make_request("INVITE", "agents-4")), ports["relay"]),
            (b"<134>Nov 30 11:00:00 pbx kamailio[1]: Call-ID: agents-1 is routed", ports["logs"]),
        ):
            sender.sendto(payload, (HOST, port))
        for number in range(10):
            sender.sendto(
                struct.pack("!BBHII", 0x80, 8, number, number * 160, 1) + b"x" * 160, media
            )


def test_every_expression_of_a_panel_gives_data(watched: Prometheus) -> None:
    """Of every panel, and of the choices above them."""
    asked = [one for one in [*promql(), *label_values()] if one.dashboard == AGENTS]
    assert len(asked) > 40
    assert without_data(watched, asked) == []


def test_every_series_that_an_alert_asks_for_is_there(watched: Prometheus) -> None:
    """An alert over a series that nobody exports can never fire; when it does, promtool tests."""
    asked = [one for one in series_of_alerts() if one.text.startswith("hepscope_capture_")]
    assert len({one.panel for one in asked}) == 9
    assert without_data(watched, asked) == []


@pytest.mark.parametrize("panel", ["SIP messages", "RTCP reports", "Waiting"])
def test_numbers_are_those_of_the_traffic(watched: Prometheus, panel: str) -> None:
    """Something was found, and something waits for the server that is away."""
    only = next(one for one in promql() if (one.dashboard, one.panel) == (AGENTS, panel))
    assert (watched.value(only.text) or 0) > 0
