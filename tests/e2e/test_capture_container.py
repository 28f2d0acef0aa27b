"""The capture's image as deploy/ runs it: a user without rights, a read-only root, one capability.

The messages are sent on the container's own loopback; its server is another container.
"""

import contextlib
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

from chaos.docker import DockerError, run
from support.chart import MINIMAL, of_kind, pod_of, render, values_of, with_values
from support.docker import BUILD_SECONDS, HARDENED, Container, network
from support.service import Metrics, until

pytestmark = pytest.mark.timeout(BUILD_SECONDS)

SETTINGS: Final = "/etc/hepscope/capture/capture.toml"
NET_RAW: Final = "0000000000002000"

# Acknowledges whatever comes, and writes down the numbers, each once.
SERVER: Final = """
import socketserver
from hep import StreamDecoder, decode3, encode_ack, is_hello
stored = set()
class Handler(socketserver.BaseRequestHandler):
    def handle(self):
        decoder, origin, highest = StreamDecoder(), b"", 0
        while data := self.request.recv(65536):
            for packet in map(decode3, decoder.feed(data)):
                if is_hello(packet):
                    origin = packet.origin
                else:
                    origin, highest = packet.origin, packet.seq
                    if (origin, highest) not in stored:
                        stored.add((origin, highest))
                        print(packet.payload.split()[1].decode(), flush=True)
            self.request.sendall(encode_ack(origin, highest))
class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = daemon_threads = True
Server(("", 9060), Handler).serve_forever()
"""

SEND: Final = """
import socket, sys
method, first, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
    for number in range(first, first + count):
        text = (f"{method} sip:{number} SIP/2.0\\r\\n"
                f"Via: SIP/2.0/UDP a;branch=z9hG4bK{number}\\r\\n"
                f"From: <sip:a@a>;tag=1\\r\\nTo: <sip:b@b>\\r\\nCall-ID: {number}@a\\r\\n"
                f"CSeq: 1 {method}\\r\\nContent-Length: 0\\r\\n\\r\\n")
        sender.sendto(text.encode(), ("127.0.0.1", 5060))
"""

ASK: Final = """
import sys, urllib.request
print(urllib.request.urlopen("http://127.0.0.1:9100/" + sys.argv[1], timeout=10).read().decode())
"""


@dataclass
class Agent:
    """A capture in a container, and the volume that outlives it."""

    container: Container
    network: str
    image: str
    settings: Path
    processes: int

    def send(self, method: str, first: int, count: int) -> None:
        """Have so many requests on its loopback, their users numbered from the first on."""
        self.container.ask("python", "-c", SEND, method, str(first), str(count))

    def value(self, name: str, **labels: str) -> float:
        """A sample of its metrics."""
        text = self.container.ask("python", "-c", ASK, "metrics")
        return Metrics(text).value(f"hepscope_capture_{name}", **labels)

    def wait_for(self, name: str, value: float, **labels: str) -> None:
        """Return once a metric has a value."""

        def has_it() -> bool:
            # It may have been started anew, and not listen yet.
            with contextlib.suppress(DockerError):
                return self.value(name, **labels) == value
            return False

        until(has_it, f"{name} to be {value}")

    def capability_sets(self) -> dict[str, str]:
        """What the kernel says of its first process."""
        lines = self.container.ask("cat", "/proc/1/status").splitlines()
        return dict(line.split(":\t", 1) for line in lines if ":\t" in line)


@pytest.fixture(params=[1, 2], ids=["one process", "two workers"])
def agent(
    request: pytest.FixtureRequest, images: Mapping[str, str], tmp_path: Path
) -> Iterator[Agent]:
    """An agent whose server is not there yet."""
    volume = f"hepscope-test-{secrets.token_hex(4)}"
    settings = tmp_path / "capture.toml"
    settings.write_text(f"[capture]\nworkers = {request.param}\n")
    tmp_path.chmod(0o755)
    run("volume", "create", volume)
    try:
        with network() as name:
            options = (
                *("--network", name, *HARDENED, "--cap-add", "NET_RAW"),
                *("--volume", f"{volume}:/var/lib/hepscope"),
                *("--volume", f"{tmp_path}:{Path(SETTINGS).parent}:ro"),
            )
            words = (
                *("--interface", "lo", "--send", "tcp://server:9060", "--acks", "require"),
                *("--config", SETTINGS),
            )
            with Container(images["capture"], words, options) as container:
                until(lambda: "capturing from lo" in container.log, "begin to capture")
                yield Agent(container, name, images["capture"], settings, request.param)
    finally:
        run("volume", "rm", volume)


def test_what_waits_outlives_the_container_that_was_killed(agent: Agent) -> None:
    """It is on the volume, is sent by the next one, once; then the container ends in order."""
    status = agent.capability_sets()
    assert status["Uid"].split() == ["10001"] * 4
    assert (status["CapPrm"], status["CapBnd"]) == (NET_RAW, NET_RAW)
    assert (status["CapEff"], status["CapAmb"]) == ("0" * 16, "0" * 16)

    agent.send("INVITE", 1000, 50)
    agent.wait_for("spool_packets", 50)
    assert agent.value("spool_limit_bytes") > 0
    run("kill", "--signal", "KILL", agent.container.name)
    agent.container.start()
    agent.wait_for("recovered_total", 50)

    server = Container(
        agent.image,
        ("-c", SERVER),
        ("--network", agent.network, "--network-alias", "server", "--entrypoint", "python"),
    )
    with server:
        agent.wait_for("spool_packets", 0)
        agent.send("INVITE", 2000, 5)
        agent.wait_for("acknowledged_total", 55)
        # Docker writes down what the server prints when it comes to it.
        until(lambda: len(server.log.split()) >= 55, "all to be in the log")
        stored = server.log.split()
        assert sorted(stored) == [
            f"sip:{number}" for number in (*range(1000, 1050), *range(2000, 2005))
        ]
        until(lambda: agent.container.health[0] == "healthy", "healthy")

        # What the settings file says from now on.
        agent.settings.write_text(
            agent.settings.read_text() + '[capture.filters]\nexclude_methods = ["OPTIONS"]\n'
        )
        run("kill", "--signal", "HUP", agent.container.name)
        line = "settings were read again"
        until(lambda: agent.container.log.count(line) == agent.processes, "settings read again")
        agent.send("OPTIONS", 3000, 3)
        agent.wait_for("refused_total", 3, rule="method")
        assert agent.container.stop() == 0


def test_a_directory_of_a_node_is_given_to_the_agent(
    images: Mapping[str, str], tmp_path: Path
) -> None:
    """As the chart does it: the kubelet makes it for root, and the agent is not root."""
    own = {"enabled": True, "storage": {"mode": "host"}}
    values = with_values(values_of(MINIMAL), {"services": {"capture": own}})
    (daemon,) = of_kind(render(values), "DaemonSet")
    (giver,) = pod_of(daemon)["spec"]["initContainers"]
    rights = giver["securityContext"]["capabilities"]["add"]
    place = ("--volume", f"{tmp_path}:/var/lib/hepscope")
    for _ in range(2):  # also when it is the agent's already
        run(
            *("run", "--rm", *HARDENED, "--user", "0:0", *place),
            *(word for right in rights for word in ("--cap-add", right)),
            *("--entrypoint", giver["command"][0], images["capture"], *giver["command"][1:]),
        )
    assert (tmp_path.stat().st_uid, tmp_path.stat().st_mode & 0o777) == (10001, 0o750)
    words = ("--interface", "lo", "--send", "tcp://127.0.0.1:9060")
    options = (*HARDENED, "--network", "none", "--cap-add", "NET_RAW", *place)
    with Container(images["capture"], words, options) as container:
        until(lambda: any(tmp_path.glob("spool/*/position")), "a spool")
        assert container.stop() == 0
        assert "memory only" not in container.log
