"""The way of a packet, each hop really broken in turn: the API and the doctor name it alike."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import asyncpg
import pytest

from hepscope_standalone.address import running_sockets
from support.builders import make_packet, make_request
from support.service import Json, Service, running_hepscope, until

pytestmark = pytest.mark.database

KEY = b"open sesame"
SETTINGS = {
    "HEPSCOPE_INGEST__AUTH_KEYS": KEY.decode(),
    "HEPSCOPE_INGEST__REPORTS__EVERY_SECONDS": "1",
    "HEPSCOPE_INGEST__REPORTS__INSTANCE": "ams-1",
}


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    """A hepscope that asks for a key."""
    with running_hepscope(settings=SETTINGS) as found:
        yield found


def packet(key: bytes) -> bytes:
    """A packet of the node edge."""
    request = make_request("OPTIONS", "hops@example.org")
    return make_packet(request, node_name=b"edge", auth_key=key)


def hops(service: Service) -> dict[str, str]:
    """What the API says of each hop, and which it takes for broken."""
    found = service.get("stats/hops")
    return {one["hop"]: one["state"] for one in found["items"]} | {"broken": found["broken"]}


def doctor(service: Service, **settings: str) -> tuple[int, Json]:
    """The exit code of the doctor beside the service, and what it says."""
    kept = {name: text for name, text in os.environ.items() if not name.startswith("HEPSCOPE_")}
    at = {f"HEPSCOPE_INGEST__{name}": "" for name in ("TLS", "HTTP")}
    at["HEPSCOPE_INGEST__UDP"], at["HEPSCOPE_INGEST__TCP"] = (
        f"{host}:{port}" for host, port in (service.udp, service.tcp)
    )
    command = [sys.executable, "-m", "hepscope_standalone", "doctor", "--json"]
    done = subprocess.run(
        [*command, "--data-dir", str(service.data_dir)],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        cwd="/",
        env={**kept, **at, **settings},
    )
    said: Json = json.loads(done.stdout)
    return done.returncode, said


def words(said: list[Json], name: str) -> tuple[str, str]:
    """What is said of a hop of the doctor or the API, and what to do."""
    (found,) = (one for one in said if one.get("hop", one.get("name")) == name)
    return found["detail"], found["do"]


def hop_list(service: Service) -> list[Json]:
    """What the API says of each hop."""
    items: list[Json] = service.get("stats/hops")["items"]
    return items


def edge(service: Service) -> list[Json]:
    """The hops of the node edge."""
    (found,) = (one for one in service.get("stats/hops")["nodes"] if one["name"] == "edge")
    hops_of_node: list[Json] = found["hops"]
    return hops_of_node


def received(service: Service, transport: str) -> int:
    """How many packets the listeners of a transport report."""
    ingests = service.get("stats/hops")["ingests"]
    listeners = [one for ingest in ingests for one in ingest["listeners"] or []]
    return sum(one["received"] for one in listeners if one["transport"] == transport)


def test_a_wrong_key_breaks_admission_and_the_right_one_mends_it(service: Service) -> None:
    """Where packets are taken and how many came is told before any of them is accepted."""
    service.send_tcp([packet(b"wrong")] * 6)
    # The first report may tell of some of them only.
    until(lambda: words(hop_list(service), "admission")[0].endswith("auth_key 6"), "six refusals")
    until(lambda: received(service, "tcp") == 6, "six packets of a listener")
    assert hops(service)["broken"] == "admission"
    found = service.get("stats/hops")
    assert found["is_here"]
    listeners = {one["transport"]: one for one in found["ingests"][0]["listeners"]}
    assert (listeners["tcp"]["port"], listeners["tcp"]["received"]) == (service.tcp[1], 6)
    assert (listeners["udp"]["port"], listeners["udp"]["received"]) == (service.udp[1], 0)
    code, said = doctor(service)
    assert (code, said["broken"]) == (1, "admission")
    assert words(said["hops"], "admission") == words(found["items"], "admission")
    assert "ingest.auth_keys" in words(said["hops"], "admission")[1]

    service.send_tcp([packet(KEY)])
    until(lambda: hops(service)["newest"] == "ok", "the packet to be stored")
    until(lambda: hops(service)["admission"] == "hint", "the refusals to be over")
    assert hops(service)["broken"] is None
    wanted = ["ok", "hint", "ok", "ok", "ok"]
    until(lambda: [one["state"] for one in edge(service)] == wanted, f"the node to be {wanted}")
    assert doctor(service)[1]["broken"] is None


def test_a_port_at_which_nothing_listens_breaks_the_listener(service: Service) -> None:
    """The doctor asks the machine for the address of the settings."""
    code, said = doctor(service, HEPSCOPE_INGEST__UDP="127.0.0.1:1")
    assert (code, said["broken"]) == (1, "listener")
    assert "nothing is bound" in words(said["hops"], "listener")[0]


def test_a_writer_that_cannot_store_breaks_the_bus(service: Service) -> None:
    """Reading goes on meanwhile, and it mends by itself."""
    sockets = running_sockets(service.data_dir)

    async def rename(old: str, new: str) -> None:
        connection = await asyncpg.connect(
            user="hepscope", host=str(sockets), port=5432, database="hepscope"
        )
        await connection.execute(f"alter table hepscope.{old} rename to {new}")
        await connection.close()

    asyncio.run(rename("bus_position", "bus_position_gone"))
    try:
        until(lambda: hops(service)["broken"] == "bus", "the bus to be broken")
        detail, do = words(service.get("stats/hops")["items"], "bus")
        assert "the writer behind it does not store" in detail
        assert "log" in do
    finally:
        asyncio.run(rename("bus_position_gone", "bus_position"))
    until(lambda: hops(service)["broken"] is None, "the way to be whole again")


def test_a_database_that_is_away_is_told_though_it_is_away(service: Service) -> None:
    """The answer is no failure: of the hops behind it nobody knows."""
    with postgres_stopped(service.data_dir):
        found = hops(service)
    assert (found["database"], found["broken"], found["listener"]) == ("broken", "database", "ok")
    assert (found["admission"], found["newest"]) == ("unknown", "unknown")
    until(lambda: hops(service)["broken"] is None, "the way to be whole again")


@contextmanager
def postgres_stopped(data_dir: Path) -> Iterator[None]:
    """Nothing of the server of a data directory moves."""
    main = int((data_dir / "postgres" / "postmaster.pid").read_text().split()[0])
    processes = [main]
    try:
        os.kill(main, signal.SIGSTOP)
        # Before it stands still, it may make one more child.
        until(lambda: state_of(main) == "T", "the server to stop")
        children = Path(f"/proc/{main}/task/{main}/children").read_text()
        for pid in map(int, children.split()):
            processes.append(pid)
            os.kill(pid, signal.SIGSTOP)
        yield
    finally:
        for pid in processes:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)


def state_of(pid: int) -> str:
    """Return the state of a process, one letter of proc(5)."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
