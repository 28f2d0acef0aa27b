"""Our images as containers beside the servers they need: health, release, end."""

import secrets
import signal
import urllib.parse
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

from chaos.docker import run
from hepscope_common import __version__
from support.containers import KAFKA, POSTGRES
from support.docker import (
    BUILD_SECONDS,
    HARDENED,
    Container,
    need_image,
    network,
    outcome,
)
from support.service import until

pytestmark = pytest.mark.timeout(BUILD_SECONDS)

DATA: Final = ("--tmpfs", "/var/lib/hepscope:uid=10001,gid=10001")
PORTS: Final = {"standalone": 9080}
OPS_PORT: Final = 9100
ON_BUS: Final = ("ingest", "storage-writer", "metrics-exporter")
IN_DATABASE: Final = ("storage-writer", "query-api", "standalone")
SERVICES: Final = (*ON_BUS, "query-api", "standalone")
USER: Final = "hepscope"
START_SECONDS: Final = 300

BROKER: Final = {
    "KAFKA_NODE_ID": "1",
    "KAFKA_PROCESS_ROLES": "broker,controller",
    "KAFKA_LISTENERS": "CLIENT://:9092,CONTROLLER://:9093",
    "KAFKA_ADVERTISED_LISTENERS": "CLIENT://kafka:9092",
    "KAFKA_LISTENER_SECURITY_PROTOCOL_MAP": "CLIENT:PLAINTEXT,CONTROLLER:PLAINTEXT",
    "KAFKA_CONTROLLER_LISTENER_NAMES": "CONTROLLER",
    "KAFKA_INTER_BROKER_LISTENER_NAME": "CLIENT",
    "KAFKA_CONTROLLER_QUORUM_VOTERS": "1@localhost:9093",
    "KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR": "1",
    "KAFKA_OFFSETS_TOPIC_NUM_PARTITIONS": "1",
    "KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR": "1",
    "KAFKA_TRANSACTION_STATE_LOG_MIN_ISR": "1",
    "KAFKA_HEAP_OPTS": "-Xms128m -Xmx384m",
}


@dataclass(frozen=True)
class Installation:
    """Servers and services in one network."""

    network: str
    secrets: Path
    postgres: Container
    services: Mapping[str, Container]

    def migrate(self, image: str, *words: str) -> tuple[int, str]:
        """Run hepscope-migrate as the compose file does; return exit code and output."""
        return outcome(
            *("run", "--rm", "--network", self.network, *HARDENED),
            *("--volume", f"{self.secrets}:/run/secrets:ro"),
            *("-e", "HEPSCOPE_STORE__DSN=postgresql://postgres@postgres/hepscope"),
            *("-e", "HEPSCOPE_STORE__PASSWORD_FILE=/run/secrets/admin"),
            *("--entrypoint", "hepscope-migrate", image, f"--wait={START_SECONDS}", *words),
            seconds=2 * START_SECONDS,
        )


LOGINS: Final = (
    f"--user={USER}",
    "--password-file=/run/secrets/app",
    "--grafana-password-file=/run/secrets/grafana",
)


def _service(image: str, service: str, net: str, folder: Path) -> Container:
    environ = {
        "HEPSCOPE_STORE__DSN": f"postgresql://{USER}@postgres/hepscope",
        "HEPSCOPE_STORE__PASSWORD_FILE": "/run/secrets/app",
        "HEPSCOPE_BUS__BOOTSTRAP_SERVERS": "kafka:9092",
        "HEPSCOPE_BUS__PARTITIONS": "2",
    }
    often = ("--health-interval", "1s", "--health-retries", "1")
    options = ("--network", net, *HARDENED, *DATA, *often, "-v", f"{folder}:/run/secrets:ro")
    arguments = ("run",) if service == "standalone" else ()
    return Container(image, arguments, options, environ)


@pytest.fixture(scope="module")
def installation(
    images: Mapping[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Installation]:
    """Everything runs, migrated by a container of ours; nobody waited for the services yet."""
    for image in (KAFKA, POSTGRES):
        need_image(image)
    # Containers' users read them, each of another uid; the folder above is the run's own.
    folder = tmp_path_factory.mktemp("secrets")
    folder.chmod(0o755)
    for name in ("admin", "app", "grafana"):
        (folder / name).write_text(f"{secrets.token_hex(12)}'%\"\n")
        (folder / name).chmod(0o644)
    with ExitStack() as stack:
        net = stack.enter_context(network())
        on = ("--network", net, "--network-alias")
        password = (folder / "admin").read_text().strip()
        postgres = stack.enter_context(
            Container(
                POSTGRES,
                ("-c", "fsync=off", "-c", "log_statement=all"),
                (*on, "postgres"),
                {"POSTGRES_PASSWORD": password, "POSTGRES_DB": "hepscope"},
            )
        )
        stack.enter_context(Container(KAFKA, (), (*on, "kafka"), BROKER))
        services = {name: _service(images[name], name, net, folder) for name in SERVICES}
        installation = Installation(net, folder, postgres, services)
        code, said = installation.migrate(images["storage-writer"], *LOGINS)
        assert code == 0, said
        for container in services.values():
            stack.enter_context(container)
        yield installation


def _healthy(container: Container) -> None:
    try:
        until(
            lambda: container.health == ("healthy", "ready"),
            f"{container.image} is healthy",
            seconds=START_SECONDS,
        )
    except pytest.fail.Exception as error:
        pytest.fail(f"{error}: {container.health} {container.log[-3000:]}")


@pytest.mark.parametrize("service", SERVICES)
def test_service_becomes_healthy_tells_its_release_and_ends_when_asked(
    service: str, installation: Installation
) -> None:
    """On a read-only file system, without any capability, as a user that is nobody's."""
    container = installation.services[service]
    _healthy(container)
    port = PORTS.get(service, OPS_PORT)
    ask = f"import urllib.request as r; print(r.urlopen('http://127.0.0.1:{port}/version').read())"

    assert f'"version":"{__version__}"' in container.ask("python", "-c", ask).replace(" ", "")
    assert container.ask("id", "-u") == "10001"

    assert container.stop() == 0
    container.start()
    _healthy(container)


def test_health_follows_the_database(installation: Installation) -> None:
    """Unhealthy while the server is frozen, with the reason; healthy again without a restart."""
    container = installation.services["query-api"]
    _healthy(container)
    run("pause", installation.postgres.name)

    def is_told() -> bool:
        health, said = container.health
        # A check that a busy machine cut short says something else, and the next one this.
        return health == "unhealthy" and "database" in said

    try:
        until(is_told, "it is unhealthy, and why", seconds=START_SECONDS)
    finally:
        run("unpause", installation.postgres.name)
    _healthy(container)


def test_service_that_waits_for_kafka_says_so(images: Mapping[str, str]) -> None:
    """Not ready is no crash; the check tells what it waits for."""
    environ = {"HEPSCOPE_BUS__BOOTSTRAP_SERVERS": "127.0.0.1:1"}
    with Container(images["ingest"], (), HARDENED, environ) as container:

        def code() -> int | None:
            # First there is no ops port yet, then nobody has tried to reach the bus.
            code, said = outcome("exec", container.name, "hepscope-health")
            return code if "bus: Unable connect" in said else None

        assert until(code, "the bus is told to be away", seconds=START_SECONDS) == 1
        assert container.stop() == 0


def test_end_is_heard_while_modules_load(images: Mapping[str, str]) -> None:
    """The kernel spares the first process of a container what it does not handle."""
    environ = {"HEPSCOPE_BUS__BOOTSTRAP_SERVERS": "127.0.0.1:1"}
    with Container(images["ingest"], (), HARDENED, environ) as container:
        until(lambda: container.handles(signal.SIGTERM), "the interpreter")
        assert container.stop() in (143, 0)


def test_migrating_again_changes_nothing(
    installation: Installation, images: Mapping[str, str]
) -> None:
    """Compose runs it at every `up`; the passwords stay, and no log ever held one."""
    code, said = installation.migrate(images["storage-writer"], *LOGINS)

    assert code == 0
    assert [line for line in said.splitlines() if not line.startswith("schema ")] == []
    log = installation.postgres.log
    for name in ("admin", "app", "grafana"):
        password = (installation.secrets / name).read_text().strip()
        assert password not in log
        assert urllib.parse.quote(password) not in log
    assert "SCRAM-SHA-256$" not in log
    assert "create role" in log


def test_logins_get_in_with_their_passwords_and_nobody_without(
    installation: Installation,
) -> None:
    """The user of the services reads, the one of dashboards does, a wrong password does not."""
    for user, name in ((USER, "app"), ("grafanareader", "grafana")):
        password = (installation.secrets / name).read_text().strip()
        query = ("psql", "-h", "postgres", "-U", user, "-Atc", "select current_user", "hepscope")
        client = ("exec", "-e", f"PGPASSWORD={password}", installation.postgres.name)
        assert outcome(*client, *query) == (0, user)
        wrong = ("exec", "-e", "PGPASSWORD=wrong", installation.postgres.name)
        assert outcome(*wrong, *query)[0] != 0
