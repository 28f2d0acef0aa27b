"""Overlays of deploy/compose: one stack, started again with one after the other.

The tests follow each other on one stack; what each starts beside the core is gone with the next.
"""

import socket
import ssl
import time
from collections.abc import Iterator

import httpx
import pytest
import trustme

from chaos.docker import run
from support.builders import make_packet, make_request
from support.compose import Stack, stack
from support.kafka import free_port
from support.service import Json, until

pytestmark = [pytest.mark.timeout(1200)]

NAME = "hep.example.org"
SECONDS = 180.0
"""How long something may take that several containers have to do with."""

ANSWER_SECONDS = 10.0


@pytest.fixture(scope="module")
def made() -> Iterator[Stack]:
    """A stack that is not started yet, with the ports that overlays need."""
    captured = free_port()
    gateway = "{{(index .IPAM.Config 0).Gateway}}"
    settings = {
        **{name: str(free_port()) for name in ("HEP_PORT_2", "HEP_TLS_PORT_2", "HEP_HTTP_PORT_2")},
        "KAFKA_HOST_PORT": str(free_port()),
        "HOST_GATEWAY": run("network", "inspect", "bridge", "--format", gateway).strip(),
        "DEMO_CALLS": "30",
        "CAPTURE_INTERFACE": "lo",
        "HEPSCOPE_CAPTURE__NODE": "edge",
        "HEPSCOPE_CAPTURE__PORTS": str(captured),
        "PROFILES": "",
    }
    with stack(**settings) as prepared:
        prepared.ports["captured"] = captured
        yield prepared


def start(made: Stack, overlays: str, **settings: str) -> None:
    """Run ``make up`` with overlays; everything is healthy afterwards."""
    done = made.make("up", OVERLAYS=overlays, **settings)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"


def are_up(made: Stack, job: str, count: int) -> None:
    """Wait until Prometheus reads so many targets of a job, and no more."""

    # Not `up`: of a Prometheus that was started anew it shows former targets for five minutes.
    def counted() -> bool:
        answer = made.client.get(f"{made.url('PROMETHEUS_PORT')}/api/v1/targets")
        targets = answer.json()["data"]["activeTargets"]
        health = [one["health"] for one in targets if one["labels"]["job"] == job]
        return health == ["up"] * count

    until(counted, f"{count} of {job} to be up", seconds=SECONDS)


def calls(made: Stack, **parameters: str) -> list[Json]:
    """Return calls as they are told behind nginx; none while it does not answer well."""
    page = f"https://127.0.0.1:{made.ports['HTTPS_PORT']}/api/v1/calls"
    admin = ("admin", made.secret("admin_password"))
    with httpx.Client(trust_env=False, verify=False, timeout=30, auth=admin) as client:
        try:
            answer = client.get(page, params=parameters)
        except httpx.TransportError:
            return []
    found: list[Json] = answer.json()["items"] if answer.status_code == 200 else []
    return found


def shows(port: int, pem: bytes) -> None:
    """Wait until a port shows this certificate."""

    def same() -> bool:
        try:
            shown = ssl.get_server_certificate(("127.0.0.1", port), timeout=ANSWER_SECONDS)
        except OSError:
            # Behind Docker's proxy there may be nobody yet, or no longer.
            return False
        return shown.encode() == pem

    until(same, f"the certificate at {port}", seconds=SECONDS)


def test_two_of_each_share_the_work(made: Stack) -> None:
    """Prometheus finds every replica, and the page behind nginx has the calls of the demo."""
    start(made, "scaled demo nginx", API_REPLICAS="2")
    for service in ("ingest", "storage-writer", "metrics-exporter", "query-api"):
        are_up(made, f"hepscope-{service}", 2)
    until(lambda: len(calls(made, method="INVITE")) >= 20, "the demo's calls", seconds=SECONDS)


def test_ones_own_certificate_is_shown_and_its_renewal(made: Stack) -> None:
    """To senders of HEP and to browsers; `make up` installs a new one without a restart.

    Capture is started with them, for the next test.
    """
    done = made.make("up", OVERLAYS="tls nginx")
    assert done.returncode != 0
    assert "tls/certificate.pem and tls/key.pem missing" in done.stderr
    for _ in ("first", "renewed"):
        issued = trustme.CA().issue_cert(NAME)
        (made.directory / "tls" / "key.pem").write_bytes(issued.private_key_pem.bytes())
        pem = issued.cert_chain_pems[0].bytes()
        (made.directory / "tls" / "certificate.pem").write_bytes(pem)
        start(made, "tls nginx capture")
        for port in ("HEP_TLS_PORT", "HTTPS_PORT"):
            shows(made.ports[port], pem)


def test_capture_sends_what_it_sees_on_an_interface(made: Stack) -> None:
    """With the one capability that it needs, acknowledged; on disk while ingest is away."""

    def send(call_id: str) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.sendto(make_request(call_id=call_id), ("127.0.0.1", made.ports["captured"]))

    def is_stored(call_id: str) -> bool:
        return [one["nodes"] for one in calls(made, call_id=call_id)] == [["edge"]]

    send("captured@edge")
    until(lambda: is_stored("captured@edge"), "the captured call", seconds=SECONDS)
    are_up(made, "hepscope-capture", 1)
    capture, ingest = (made.containers()[name] for name in ("capture", "ingest"))
    found = capture["HostConfig"]
    assert (found["CapAdd"], found["CapDrop"]) == (["NET_RAW"], ["ALL"])
    assert found["ReadonlyRootfs"]
    assert "acknowledg" in made.logs("capture")

    run("stop", ingest["Id"])
    send("waiting@edge")
    waits = "hepscope_capture_spool_packets > 0"
    until(lambda: bool(made.query(waits)), "a packet on disk", seconds=SECONDS)
    for word in ("kill", "start"):
        run(word, capture["Id"])
    run("start", ingest["Id"])
    until(lambda: is_stored("waiting@edge"), "the call that waited", seconds=SECONDS)
    until(lambda: not made.query(waits), "nothing on disk", seconds=SECONDS)


def test_in_the_hosts_network_ingest_sees_who_sends(made: Stack) -> None:
    """This machine too, which published ports show as the gateway of Docker's network."""
    start(made, "host")
    packet = make_packet(make_request(call_id="own@host"), time_us=time.time_ns() // 1000)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.sendto(packet, ("127.0.0.1", made.ports["HEP_PORT"]))
    until(lambda: bool(made.api("calls", call_id="own@host")["items"]), "the call", seconds=SECONDS)
    are_up(made, "hepscope-ingest", 1)
    expression = 'hepscope_ingest_peer_accepted_packets{peer="127.0.0.1"} > 0'
    until(lambda: bool(made.query(expression)), "the peer's address", seconds=SECONDS)
