"""A real Apache Kafka for tests: one KRaft node (broker and controller) as a child process.

``kafka`` is a broker that all tests of a run share and none may harm: each uses topics of its own.
``mortal_kafka`` is one that a test may kill or pause; it runs again when the next test begins.
KAFKA_BOOTSTRAP names an existing broker for the former, which runs in a container otherwise where
``support.containers`` says so. Else, and for all others, the jars come from Maven Central, once,
into ~/.cache/hepscope-tests. Needs Java 17 or later, and Maven.

Nothing is flushed to the disk, as brokers do it by default: what a broker acknowledged survives
its kill -9, because the kernel has it, but not a power cut.
"""

import fcntl
import os
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn, Protocol

import pytest

from support import containers

VERSION = "4.1.1"
LOG4J_VERSION = "2.24.3"
CACHE = Path("~/.cache/hepscope-tests").expanduser()
answers = containers.broker_answers
CLUSTER_ID = "aGVwc2NvcGUtdGVzdHMtMQ"
FETCH_SECONDS = 300
START_SECONDS = 180
"""On a machine with other work to do a broker takes many times its 4 seconds."""

STOP_SECONDS = 60
PAUSE_SECONDS = 0.05

PORTS = range(20_000, 30_000)
"""Below the range that the kernel takes for outgoing connections: a client that tries to reach a
dead broker on such a port could connect to itself, and the broker could not come back."""

JVM = ("-Xms128m", "-Xmx384m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto")

_ARTIFACTS = (
    ("org.apache.kafka", "kafka_2.13", VERSION),
    ("org.apache.kafka", "kafka-tools", VERSION),
    ("org.apache.logging.log4j", "log4j-core", LOG4J_VERSION),
    ("org.apache.logging.log4j", "log4j-slf4j-impl", LOG4J_VERSION),
)
_DEPENDENCY = (
    "<dependency><groupId>{}</groupId><artifactId>{}</artifactId><version>{}</version></dependency>"
)
_POM = """<project xmlns="http://maven.apache.org/POM/4.0.0">
<modelVersion>4.0.0</modelVersion><groupId>hepscope</groupId><artifactId>test-broker</artifactId>
<version>1</version><packaging>pom</packaging><dependencies>{}</dependencies></project>
"""
_LOGGING = """status = warn
appender.out.type = Console
appender.out.name = out
appender.out.layout.type = PatternLayout
appender.out.layout.pattern = %d{HH:mm:ss.SSS} %p %m (%c{1})%n
rootLogger.level = info
rootLogger.appenderRef.out.ref = out
"""
DEFAULTS = {
    "process.roles": "broker,controller",
    "node.id": "1",
    "controller.listener.names": "CONTROLLER",
    "auto.create.topics.enable": "false",
    # One node holds everything, and two cores run the tests beside it.
    "offsets.topic.replication.factor": "1",
    "offsets.topic.num.partitions": "1",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "transaction.state.log.num.partitions": "1",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
    "num.network.threads": "2",
    "num.io.threads": "4",
    "log.cleaner.dedupe.buffer.size": "4194304",
    # Tests do not wait for what might come.
    "group.initial.rebalance.delay.ms": "0",
    "group.min.session.timeout.ms": "500",
    "log.retention.check.interval.ms": "2000",
    # How long a killed broker's successor waits until its controller takes it in.
    "broker.session.timeout.ms": "1500",
    "broker.heartbeat.interval.ms": "300",
}


class CannotStartError(RuntimeError):
    """No broker could be started; the message says why."""


class Kafka(Protocol):
    """A broker to talk to."""

    @property
    def bootstrap(self) -> str:
        """Its address, as host:port."""
        ...


@dataclass(frozen=True)
class ExistingKafka:
    """A broker that somebody else runs."""

    bootstrap: str


def fetch_jars() -> Path:
    """Return the folder with the broker's jars, asking Maven for them the first time."""
    folder = CACHE / f"kafka-{VERSION}"
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / "lock").open("w") as lock:
        # Two runs at once must not fetch the same.
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            _fetch(folder)
    return folder


def _fetch(folder: Path) -> None:
    maven = shutil.which("mvn")
    if maven is None:
        raise CannotStartError("no Maven to fetch Kafka with (package maven)")
    with tempfile.TemporaryDirectory(dir=CACHE) as made:
        dependencies = "".join(_DEPENDENCY.format(*artifact) for artifact in _ARTIFACTS)
        Path(made, "pom.xml").write_text(_POM.format(dependencies))
        jars = Path(made, "jars")
        goal = [
            "dependency:copy-dependencies",
            "-DincludeScope=runtime",
            f"-DoutputDirectory={jars}",
        ]
        done = subprocess.run(
            [maven, "-q", "-B", *goal],
            cwd=made,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=FETCH_SECONDS,
            check=False,
        )
        if done.returncode != 0:
            raise CannotStartError(f"Maven: {done.stdout[-600:]}")
        jars.rename(folder)


def free_port() -> int:
    """Return a port of 127.0.0.1 that nobody has, and that nobody else is given.

    A bound socket holds it until this process ends, so that neither a second question nor another
    run of tests gets the same before a server listens there. It keeps no server out, since servers
    share addresses of sockets that do not listen (SO_REUSEADDR).
    """
    for port in random.sample(PORTS, 100):
        with socket.socket() as holder:
            try:
                holder.bind(("127.0.0.1", port))
            except OSError:
                continue
            # Only now: whoever asks for a free port must be refused one that is held.
            holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            holder.detach()
            return port
    raise CannotStartError("no free port")


@dataclass
class KafkaServer:
    """Kafka as a child process whose data, log and settings are in ``directory``.

    Start it from the main thread: the process ends with the thread that started it.
    """

    directory: Path
    options: Mapping[str, str] = field(default_factory=dict)
    """Properties beside, or instead of, the defaults."""

    format_arguments: Sequence[str] = ()
    """More words for the tool that makes the data folder, such as --add-scram."""

    protocol: str = "PLAINTEXT"
    """How clients talk to it: PLAINTEXT, SSL, SASL_PLAINTEXT, SASL_SSL."""

    advertised: str | None = None
    """host:port that clients are sent to, that of a proxy before it."""

    port: int = field(default_factory=free_port)
    controller_port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = field(default=None, init=False)
    _jars: Path = field(default_factory=fetch_jars, init=False, repr=False)

    @property
    def bootstrap(self) -> str:
        """The address for clients."""
        return self.advertised or f"127.0.0.1:{self.port}"

    @property
    def log(self) -> Path:
        """What the broker wrote to its standard output."""
        return self.directory / "broker.log"

    def start(self) -> None:
        """Start the broker on the data it had, if any, and wait until it answers."""
        self.launch()
        self.wait_until_ready()

    def launch(self) -> None:
        """Start the broker without waiting, so that an event loop can turn meanwhile."""
        settings = self.directory / "server.properties"
        if not settings.exists():
            self._create(settings)
        with self.log.open("ab") as log:
            # A killed test run must not leave a broker behind.
            guard = ["setpriv", "--pdeathsig", "KILL"] if shutil.which("setpriv") else []
            self.process = subprocess.Popen(
                [*guard, *self._java("kafka.Kafka", str(settings))],
                cwd=self.directory,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def wait_until_ready(self) -> None:
        """Return once the broker answers; raises CannotStartError when it ended or is too slow."""
        deadline = time.monotonic() + START_SECONDS
        while not answers(self.port, encrypted=self.protocol.endswith("SSL")):
            if self.process is None or self.process.poll() is not None:
                raise CannotStartError(f"Kafka ended: {self._log_end()}")
            if time.monotonic() > deadline:
                raise CannotStartError(f"Kafka does not answer: {self._log_end()}")
            time.sleep(PAUSE_SECONDS)

    def stop(self) -> None:
        """End the broker in good order."""
        if self.process is not None:
            self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End the broker as a crash does (SIGKILL); it can start again on its data."""
        self._end(signal.SIGKILL)

    def pause(self) -> None:
        """Stop the broker's clock (SIGSTOP): connections stay open and nothing is answered."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let a paused broker go on."""
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        assert self.process is not None
        self.process.send_signal(number)

    def _end(self, number: signal.Signals) -> None:
        assert self.process is not None
        self.process.send_signal(number)
        # A paused process takes no SIGTERM before it goes on.
        self.process.send_signal(signal.SIGCONT)
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(STOP_SECONDS)
        self.process = None

    def _create(self, settings: Path) -> None:
        (self.directory / "log4j2.properties").write_text(_LOGGING)
        settings.write_text(
            "".join(f"{key}={value}\n" for key, value in self._properties().items())
        )
        done = subprocess.run(
            self._java(
                "kafka.tools.StorageTool",
                "format",
                "-t",
                CLUSTER_ID,
                "-c",
                str(settings),
                *self.format_arguments,
            ),
            cwd=self.directory,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=START_SECONDS,
            check=False,
        )
        if done.returncode != 0:
            settings.unlink()
            raise CannotStartError(f"kafka.tools.StorageTool: {done.stdout}{done.stderr}"[-600:])

    def _properties(self) -> dict[str, str]:
        return {
            **DEFAULTS,
            "listeners": f"CLIENT://127.0.0.1:{self.port},"
            f"CONTROLLER://127.0.0.1:{self.controller_port}",
            "advertised.listeners": f"CLIENT://{self.bootstrap}",
            "listener.security.protocol.map": f"CLIENT:{self.protocol},CONTROLLER:PLAINTEXT",
            # A broker talks to itself as a client does.
            "inter.broker.listener.name": "CLIENT",
            "controller.quorum.voters": f"1@127.0.0.1:{self.controller_port}",
            "log.dirs": str(self.directory / "data"),
            **self.options,
        }

    def _java(self, main: str, *arguments: str) -> list[str]:
        java = shutil.which("java")
        if java is None:
            raise CannotStartError("no Java 17 to run Kafka with (package default-jre-headless)")
        logging = f"-Dlog4j2.configurationFile={self.directory}/log4j2.properties"
        return [java, *JVM, logging, "-cp", f"{self._jars}/*", main, *arguments]

    def _log_end(self) -> str:
        lines = self.log.read_text(errors="replace").splitlines()
        errors = [line for line in lines if " ERROR " in line or "Exception:" in line]
        return "\n".join(errors[:6] or lines[-6:])


def scratch_directory() -> tempfile.TemporaryDirectory[str]:
    """Return a new folder for a broker's data, on a disk rather than in memory."""
    return tempfile.TemporaryDirectory(
        prefix="hepscope-kafka-", dir="/var/tmp", ignore_cleanup_errors=True
    )


def without_broker(reason: str) -> NoReturn:
    """Skip the test that needs one, or fail it where all services must be there."""
    if os.environ.get("CI") or os.environ.get("REQUIRE_SERVICES") == "1":
        pytest.fail(reason)
    pytest.skip(reason)


def running_kafka(
    *,
    protocol: str = "PLAINTEXT",
    options: Mapping[str, str] | None = None,
    format_arguments: Sequence[str] = (),
) -> Iterator[KafkaServer]:
    """Yield a started broker and end it; the body of a fixture. Skips or fails without one."""
    with scratch_directory() as directory:
        try:
            server = KafkaServer(Path(directory), options or {}, format_arguments, protocol)
            server.start()
        except (CannotStartError, OSError, subprocess.SubprocessError) as error:
            without_broker(f"no Kafka for tests: {error}")
        yield server
        server.stop()


@pytest.fixture(scope="session")
def kafka() -> Iterator[Kafka]:
    """A running broker; its ``bootstrap`` is the address."""
    given = os.environ.get("KAFKA_BOOTSTRAP")
    if given:
        yield ExistingKafka(given)
        return
    try:
        in_container = containers.wanted(containers.KAFKA)
    except containers.NoContainerError as error:
        without_broker(f"no Kafka for tests: {error}")
    if not in_container:
        yield from running_kafka()
        return
    with ExitStack() as stack:
        try:
            bootstrap = stack.enter_context(containers.kafka(free_port(), free_port()))
        except containers.NoContainerError as error:
            without_broker(f"no Kafka for tests: {error}")
        yield ExistingKafka(bootstrap)


@pytest.fixture(scope="session")
def _mortal_kafka() -> Iterator[KafkaServer]:
    yield from running_kafka()


@pytest.fixture
def mortal_kafka(_mortal_kafka: KafkaServer) -> Iterator[KafkaServer]:
    """A running broker that the test may stop, kill and pause, with data of earlier tests."""
    yield _mortal_kafka
    if _mortal_kafka.process is None:
        _mortal_kafka.start()
    else:
        _mortal_kafka.resume()
        _mortal_kafka.wait_until_ready()
