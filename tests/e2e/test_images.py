"""What our images hold and what they do not, and how they are to be run."""

import json
from collections.abc import Mapping
from typing import Any, Final

import pytest

from chaos.docker import run
from hepscope_common import __version__
from support.docker import BASE, BUILD_SECONDS, HARDENED, SERVICES, inspect, outcome

pytestmark = pytest.mark.timeout(BUILD_SECONDS)

MAX_ADDED_BYTES: Final = 80_000_000
LONG_RUNNING: Final = tuple(service for service in SERVICES if service != "capture")
WRITABLE: Final = {"/tmp", "/var/tmp", "/var/lib/hepscope", "/run/lock"}

# Runs in the image and answers as JSON.
LOOK: Final = r"""
import importlib.util, json, os, pathlib, sysconfig
site = pathlib.Path(sysconfig.get_path("purelib"))
ours = [path for path in pathlib.Path("/opt/hepscope").rglob("*") if path.is_file()]
homes = [path for top in ("/root", "/home", "/src", "/wheels", "/var/lib/hepscope")
         for path in pathlib.Path(top).glob("**/*") if os.access(top, os.R_OK)]
sources = [path for path in ours if path.suffix == ".py" and path.is_relative_to(site)]
print(json.dumps({
    "uid": os.getuid(), "gid": os.getgid(), "cwd": os.getcwd(),
    "modules": [name for name in ("pip", "pytest", "uvloop", "alembic", "hepscope_standalone")
                if importlib.util.find_spec(name)],
    "names": sorted({path.name for path in ours}),
    "tests": [str(path) for path in ours if path.parent.name == "tests"],
    "foreign": [str(path) for path in ours if path.stat().st_uid != 0],
    "left": [str(path) for path in homes if path.is_file()],
    "sources": len(sources),
    "uncompiled": [str(path) for path in sources
                   if not os.path.exists(importlib.util.cache_from_source(str(path)))],
    "frontend": sorted(p.name for p in site.glob("hepscope_query_api/frontend/*")),
    "sql": len(list(site.glob("hepscope_migrations/sql/*.sql"))),
}))
"""


@pytest.fixture(scope="module", params=SERVICES)
def service(request: pytest.FixtureRequest) -> str:
    """Each service in turn."""
    return str(request.param)


@pytest.fixture(scope="module")
def found(service: str, images: Mapping[str, str]) -> dict[str, Any]:
    """What a look into the running image finds."""
    code, said = outcome(
        *("run", "--rm", *HARDENED, "--entrypoint", "python", images[service], "-c", LOOK)
    )
    assert code == 0, said
    answer: dict[str, Any] = json.loads(said)
    return answer


def test_image_adds_less_than_80_megabytes(service: str, images: Mapping[str, str]) -> None:
    """To what every Python image has anyway."""
    added = inspect(images[service])["Size"] - inspect(BASE)["Size"]

    assert 0 < added < MAX_ADDED_BYTES


def test_image_says_what_it_is(service: str, images: Mapping[str, str]) -> None:
    """User, folder, check of health and labels are in the image, whoever runs it."""
    config = inspect(images[service])["Config"]

    assert config["User"] == "10001:10001"
    assert config["WorkingDir"] == "/var/lib/hepscope"
    assert config["Healthcheck"]["Test"] == ["CMD", "hepscope-health"]
    assert config["Healthcheck"]["StartInterval"] == 1_000_000_000
    assert config["Labels"]["org.opencontainers.image.version"] == __version__
    assert config["Labels"]["org.opencontainers.image.title"] == f"hepscope {service}"
    assert config["Labels"]["org.opencontainers.image.licenses"] == "Apache-2.0"


def test_processes_are_nobody_in_particular(found: dict[str, Any]) -> None:
    """A uid that no other image uses, and nothing of the program belongs to it."""
    assert (found["uid"], found["gid"]) == (10001, 10001)
    assert found["cwd"] == "/var/lib/hepscope"
    assert found["foreign"] == []


def test_nothing_can_be_written_but_data_and_scratch(
    service: str, images: Mapping[str, str]
) -> None:
    """A hole in a service leaves its program as it is."""
    # What may not be looked into is said on the other stream, amid the lines of this one.
    look = "find / -xdev -writable '(' -type d -o -type f ')' 2>/dev/null"
    _, said = outcome("run", "--rm", "--entrypoint", "sh", images[service], "-c", look)

    writable = set(said.splitlines())
    assert "/var/lib/hepscope" in writable
    assert writable <= WRITABLE


def test_nothing_is_installed_that_is_not_run(service: str, found: dict[str, Any]) -> None:
    """No installer, no tests; Alembic only where migrations run."""
    migrates = service in ("storage-writer", "standalone")
    expected = {"alembic"} if migrates else set()
    if service == "standalone":
        expected.add("hepscope_standalone")

    assert set(found["modules"]) == expected
    assert found["tests"] == []
    assert (found["sql"] > 0) == (service in ("storage-writer", "query-api", "standalone"))


def test_page_is_in_the_images_that_serve_it(service: str, found: dict[str, Any]) -> None:
    """And what checks its types is not."""
    serves = service in ("query-api", "standalone")

    assert found["frontend"] == (["css", "index.html", "js", "mark.svg"] if serves else [])


def test_everything_is_compiled(found: dict[str, Any]) -> None:
    """A read-only file system keeps no byte code, so each start would compile it all again."""
    assert found["sources"] > 100
    assert found["uncompiled"] == []


def test_no_secret_is_in_the_image(
    service: str, images: Mapping[str, str], found: dict[str, Any]
) -> None:
    """Neither among its files, nor in its variables, nor in how it was built."""
    names = [
        name
        for name in found["names"]
        if name.endswith((".key", ".p12", ".netrc", ".pypirc"))
        or name in (".env", ".git", "pip.conf", "id_rsa", "id_ed25519")
        or (name.endswith(".pem") and name != "cacert.pem")  # of certifi
    ]
    history = run("history", "--no-trunc", "--format", "{{.CreatedBy}}", images[service])
    variables = [item.partition("=")[0] for item in inspect(images[service])["Config"]["Env"]]

    assert names == []
    assert found["left"] == []
    assert not any(word in history.lower() for word in ("password", "token", "secret"))
    assert not any(
        word in name for name in variables for word in ("PASSWORD", "TOKEN", "SECRET", "DSN")
    )


@pytest.mark.parametrize("service", [name for name in LONG_RUNNING if name != "standalone"])
def test_arguments_reach_the_command(service: str, images: Mapping[str, str]) -> None:
    """``docker run hepscope/ingest --version`` is ``hepscope-ingest --version``."""
    code, said = outcome("run", "--rm", *HARDENED, images[service], "--version")

    assert (code, said) == (0, f"hepscope-{service} {__version__}")


def test_standalone_has_the_whole_command(images: Mapping[str, str]) -> None:
    """Its subcommands are what comes after the image's name."""
    code, said = outcome("run", "--rm", *HARDENED, images["standalone"], "--version")

    assert (code, said) == (0, f"hepscope {__version__}")


def test_capture_has_its_command(images: Mapping[str, str]) -> None:
    """Options pass through to it, and wrong ones are refused by it."""
    code, said = outcome("run", "--rm", *HARDENED, images["capture"], "--no-such-option")

    assert code == 2
    assert said.splitlines()[-1].startswith("hepscope-capture: error:")


def test_standalone_without_a_database_says_what_it_needs(images: Mapping[str, str]) -> None:
    """The PostgreSQL that `make run` starts would alone be half of what an image may add."""
    code, said = outcome("run", "--rm", images["standalone"], "run")

    assert code == 1
    assert len(said.splitlines()) == 1
    assert "HEPSCOPE_STORE__DSN" in said


def test_migrating_where_there_is_no_alembic_names_the_image_that_has_it(
    images: Mapping[str, str],
) -> None:
    """The query API looks at the schema and never changes it."""
    words = ("run", "--rm", *HARDENED, "--entrypoint", "hepscope-migrate")
    code, said = outcome(*words, images["query-api"])

    assert code == 1
    assert len(said.splitlines()) == 1
    assert "hepscope/storage-writer" in said
