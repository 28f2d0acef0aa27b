"""Our images, built for the tests that run them, and containers of them.

``images`` builds all of them once a run, whichever process of pytest-xdist asks first, under the
names of a release: ``images["ingest"]`` is ``hepscope/ingest:0.1.0``. A build that finds all of it
in Docker's cache takes a second each; the first takes minutes, so tests that ask for them say
``pytestmark = pytest.mark.timeout(BUILD_SECONDS)``.

Without Docker such tests are skipped, and fail where all services must be there.
"""

import contextlib
import fcntl
import json
import os
import secrets
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, NoReturn, Self

import pytest

from chaos.docker import DockerError, require_image, run
from hepscope_common import __version__

ROOT = Path(__file__).parents[2]
DOCKERFILE = ROOT / "deploy/docker/Dockerfile"
BASE = "python:3.13-slim"
SERVICES = ("capture", "ingest", "storage-writer", "query-api", "metrics-exporter", "standalone")
BUILD_SECONDS = 2400
BUILDS_AT_ONCE = 2
ASK_SECONDS = 60
STOP_SECONDS = 60
COMMAND_SECONDS = 180
"""For a command in a container, on a machine with other work to do."""
LABEL = "hepscope.test"

HARDENED = (
    "--read-only",
    *("--tmpfs", "/tmp"),
    *("--cap-drop", "ALL"),
    *("--security-opt", "no-new-privileges"),
)
"""How a container of ours must be able to run."""


def missing(reason: str) -> NoReturn:
    """Skip the test that needs Docker, or fail it where all services must be there."""
    if os.environ.get("CI") or os.environ.get("REQUIRE_SERVICES") == "1":
        pytest.fail(reason)
    pytest.skip(reason)


def need_docker() -> None:
    """Return when a daemon answers; else skip or fail."""
    try:
        run("version", "--format", "{{.Server.Version}}", seconds=ASK_SECONDS)
    except DockerError as error:
        missing(f"no Docker for tests: {error}")


def need_image(image: str) -> None:
    """Return when an image is there or can be pulled; else skip or fail."""
    need_docker()
    try:
        require_image(image)
    except DockerError as error:
        missing(f"no image {image}: {error}")


def name_of(service: str) -> str:
    """Return the name of a service's image in a release."""
    return f"hepscope/{service}:{__version__}"


def build(service: str) -> str:
    """Build a service's image and return its name; what had the name before is removed.

    Raises DockerError.
    """
    name = name_of(service)
    before = _id_of(name)
    words = ("--file", str(DOCKERFILE), "--build-arg", f"SERVICE={service}", "--tag", name)
    run("build", "--quiet", *words, str(ROOT), seconds=BUILD_SECONDS)
    if before not in ("", _id_of(name)):
        # Somebody's container may be made of it.
        with contextlib.suppress(DockerError):
            run("image", "rm", before)
    return name


def _id_of(image: str) -> str:
    try:
        return run("image", "inspect", "--format", "{{.Id}}", image)
    except DockerError:
        return ""


@pytest.fixture(scope="session")
def images(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    """The names of our images by service, built as the sources are now."""
    need_docker()
    folder = tmp_path_factory.getbasetemp()
    if os.environ.get("PYTEST_XDIST_WORKER"):
        folder = folder.parent
    built = folder / "images-built"
    with (folder / "images-lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not built.exists():
            try:
                with ThreadPoolExecutor(BUILDS_AT_ONCE) as builders:
                    list(builders.map(build, SERVICES))
            except DockerError as error:
                pytest.fail(f"the images cannot be built: {error}")
            built.touch()
    return {service: name_of(service) for service in SERVICES}


def outcome(*words: str, seconds: float = COMMAND_SECONDS) -> tuple[int, str]:
    """Return the exit code of ``docker WORDS`` and all that it wrote, errors included."""
    done = subprocess.run(
        ["docker", *words],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=seconds,
    )
    return done.returncode, done.stdout.strip()


def inspect(thing: str) -> dict[str, Any]:
    """Return what Docker knows of an image or a container."""
    found: list[dict[str, Any]] = json.loads(run("inspect", thing))
    return found[0]


@contextlib.contextmanager
def network() -> Iterator[str]:
    """Make a network of a test's own, in which containers find each other by alias."""
    name = f"hepscope-test-{os.getpid()}-{secrets.token_hex(3)}"
    run("network", "create", "--label", LABEL, name)
    try:
        yield name
    finally:
        run("network", "rm", name)


@dataclass
class Container:
    """A container in the background; inert until entered, removed when exited."""

    image: str
    arguments: Sequence[str] = ()
    options: Sequence[str] = ()
    environ: Mapping[str, str] = field(default_factory=dict)
    name: str = field(default_factory=lambda: f"hepscope-test-{os.getpid()}-{secrets.token_hex(3)}")

    def __enter__(self) -> Self:
        """Start it, without waiting for what it does."""
        variables = (word for item in self.environ.items() for word in ("-e", "=".join(item)))
        words = ("--detach", "--name", self.name, "--label", LABEL, *self.options, *variables)
        run("run", *words, self.image, *self.arguments)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Remove it with its data."""
        with contextlib.suppress(DockerError):
            run("rm", "--force", "--volumes", self.name)

    def start(self) -> None:
        """Start it again as it was."""
        run("start", self.name)

    def stop(self) -> int:
        """Ask it to end (SIGTERM), and return its exit code: 137 when it had to be killed."""
        run("stop", "--time", str(STOP_SECONDS), self.name, seconds=STOP_SECONDS * 3)
        return self.exit_code

    def wait(self) -> int:
        """Return its exit code once it has ended by itself."""
        return int(run("wait", self.name, seconds=STOP_SECONDS * 3))

    def ask(self, *words: str) -> str:
        """Return what a command in it writes. Raises DockerError when that fails."""
        return run("exec", self.name, *words)

    def handles(self, number: signal.Signals) -> bool:
        """Return whether its first process handles a signal by now."""
        status = Path(f"/proc/{inspect(self.name)['State']['Pid']}/status").read_text()
        said = dict(line.split(":", 1) for line in status.splitlines())
        # Before the image's program begins it is Docker's own, which handles everything.
        if said["Name"].strip().startswith("runc"):
            return False
        return bool(int(said["SigCgt"], 16) >> (number - 1) & 1)

    @property
    def exit_code(self) -> int:
        """How it ended."""
        return int(inspect(self.name)["State"]["ExitCode"])

    @property
    def health(self) -> tuple[str, str]:
        """What Docker thinks of it (starting, healthy, unhealthy), and what its check said last."""
        found = inspect(self.name)["State"]["Health"]
        log = found["Log"]
        return str(found["Status"]), str(log[-1]["Output"]).strip() if log else ""

    @property
    def log(self) -> str:
        """What it wrote to its standard error."""
        return outcome("logs", self.name)[1]
