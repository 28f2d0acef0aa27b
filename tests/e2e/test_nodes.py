"""What arrives and what is refused shows within seconds in the list of nodes."""

import socket
import time
from collections.abc import Iterator

import pytest

from hepscope_common.node_report import LOG_TYPE
from support.builders import make_packet, make_request
from support.service import PATIENCE_SECONDS, Json, Service, running_hepscope, until

pytestmark = pytest.mark.database

KEY = b"open sesame"
SETTINGS = {
    "HEPSCOPE_INGEST__AUTH_KEYS": KEY.decode(),
    "HEPSCOPE_INGEST__RULES__DENIED_NETWORKS": "127.0.0.4/32",
    "HEPSCOPE_INGEST__REPORTS__EVERY_SECONDS": "1",
    "HEPSCOPE_INGEST__REPORTS__INSTANCE": "ams-1",
}


@pytest.fixture(scope="module")
def guarded() -> Iterator[Service]:
    """A hepscope that asks for a key and denies an address."""
    with running_hepscope(settings=SETTINGS) as service:
        yield service
    assert "Traceback" not in service.log


def options(node: bytes, key: bytes | None, *, ahead_us: int = 0) -> bytes:
    """A packet of a node; the clock of the node may be ahead."""
    return make_packet(
        make_request("OPTIONS", f"{node.decode()}@example.org"),
        time_us=time.time_ns() // 1000 + ahead_us,
        node_name=node,
        auth_key=key,
    )


def send(service: Service, source: str, *datagrams: bytes) -> None:
    """Send datagrams from an address of loopback."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.bind((source, 0))
        for data in datagrams:
            sender.sendto(data, service.udp)


def nodes(service: Service) -> dict[tuple[str, str], Json]:
    """The items of the list, by kind and name."""
    return {(item["kind"], item["name"]): item for item in service.every("nodes")}


def test_every_refusal_is_seen_where_it_belongs(guarded: Service) -> None:
    """By node where a packet says which, else by address; and none of it is traffic."""
    send(guarded, "127.0.0.1", *[options(b"good", KEY, ahead_us=90_000_000)] * 5)
    send(guarded, "127.0.0.1", options(b"good", b"wrong"))
    send(guarded, "127.0.0.2", *[b"no HEP at all"] * 3)
    send(guarded, "127.0.0.3", *[options(b"stranger", b"wrong")] * 2)
    send(guarded, "127.0.0.4", *[options(b"good", KEY)] * 4)

    def settled() -> dict[tuple[str, str], Json] | None:
        found = nodes(guarded)
        expected = {
            ("node", "good"): {"auth_key": 1},
            ("node", "stranger"): {"auth_key": 2},
            ("address", "127.0.0.2"): {"not_hep": 3},
            ("address", "127.0.0.3"): {"auth_key": 2},
            ("address", "127.0.0.4"): {"network": 4},
        }
        is_so = {at: item["refusals"] for at, item in found.items()} == expected
        return found if is_so and found["node", "good"]["packet_count"] == 5 else None

    found = until(settled, "five items with their refusals")
    good = found["node", "good"]
    # What is ahead, less the delay of a busy machine.
    assert 30_000 < good["clock_skew_ms"] <= 90_000
    assert good["hep_versions"] == [3]
    (said,) = good["instances"]
    assert (said["instance"], said["is_living"], said["packets"]) == ("ams-1", True, 5)
    assert found["node", "stranger"]["packet_count"] == 0

    def counted() -> dict[str, float]:
        samples = guarded.metrics().samples
        return {
            at["node"]: value for name, at, value in samples if name == "hepscope_packets_total"
        }

    until(lambda: counted().get("good") == 5, "the exporter to count")
    assert counted() == {"good": 5}
    assert guarded.every("messages", protocol_type=LOG_TYPE) == []
    assert [node["name"] for node in guarded.every("nodes", refusals="network")] == ["127.0.0.4"]


def test_rates_rise_and_fall(guarded: Service) -> None:
    """A node that sends has a rate, a silent one has none, and its counts stay."""

    def rate() -> float:
        item = nodes(guarded).get(("node", "busy"))
        return item["packets_per_s"] or 0.0 if item else 0.0

    sent = 0
    deadline = time.monotonic() + PATIENCE_SECONDS
    while rate() == 0 and time.monotonic() < deadline:
        send(guarded, "127.0.0.1", *[options(b"busy", KEY)] * 10)
        sent += 10
    assert rate() > 0
    until(lambda: rate() == 0, "a rate of zero")

    (said,) = nodes(guarded)["node", "busy"]["instances"]
    assert said["packets"] == sent
    assert said["bytes"] > 100 * sent
