"""hepscope-migrate as its user meets it: a process, its lines, its exit code, the server's log."""

import asyncio
import os
import secrets
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import asyncpg
import pytest

from hepscope_migrations import head, scram
from hepscope_migrations.upgrading import ADVISORY_LOCK
from support.postgres import Cluster, dsn_of, execute, find_binaries
from support.service import until

pytestmark = pytest.mark.database

SECONDS = 120
ROLES = ("hepscope_writer", "hepscope_maintainer", "hepscope_reader")
PASSWORD = "S3cret'\"$$\\%s w\u00f6rt"


def command(dsn: str, *words: str, **more: str) -> "subprocess.Popen[str]":
    """Start hepscope-migrate on a database."""
    environ = {**os.environ, "HEPSCOPE_STORE__DSN": dsn, **more}
    return subprocess.Popen(
        [sys.executable, "-m", "hepscope_migrations", *words],
        env=environ,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def migrate(dsn: str, *words: str, **more: str) -> tuple[int, list[str], str]:
    """Run it; return exit code, lines of its output, and its standard error."""
    process = command(dsn, *words, **more)
    out, err = process.communicate(timeout=SECONDS)
    return process.returncode, out.splitlines(), err.strip()


async def log_of(cluster: str) -> str:
    """Return what the server has logged up to now, of everything that it was told."""
    end = secrets.token_hex(8)
    await execute(cluster, f"select '{end}'")
    async with asyncio.timeout(SECONDS):
        # It comes by a pipe, which somebody has to copy.
        while end not in (text := _logged(cluster)):
            await asyncio.sleep(0.05)
    return text


def _logged(cluster: str) -> str:
    [folder] = parse_qs(urlsplit(cluster).query)["host"]
    return Path(folder, "log").read_text(errors="replace")


async def log_everything(cluster: str) -> None:
    """Let the server log as much as it can."""
    settings = {"log_statement": "all", "log_min_duration_statement": "0"}
    for name, value in settings.items():
        await execute(cluster, f"alter system set {name} = '{value}'")
    await execute(cluster, "select pg_reload_conf()")


async def kept_password(cluster: str, role: str) -> str:
    """Return what the server keeps of a role's password."""
    connection = await asyncpg.connect(cluster)
    try:
        query = "select rolpassword from pg_authid where rolname = $1 and rolcanlogin"
        found = await connection.fetchval(query, role)
    finally:
        await connection.close()
    return str(found)


def _write(path: str, text: str) -> None:
    Path(path).write_text(text)


@pytest.fixture
def files(tmp_path: Path) -> Mapping[str, str]:
    """Password files of a user and of dashboards."""
    for name, text in (("app", PASSWORD), ("grafana", "graf-4711")):
        (tmp_path / name).write_text(f"{text}\n", encoding="utf-8")
    return {name: str(tmp_path / name) for name in ("app", "grafana")}


async def test_empty_server_gets_schema_and_logins_and_then_stays_so(
    cluster: str, files: Mapping[str, str]
) -> None:
    """All of it in one command, which says each thing it does; again, and it does none."""
    await log_everything(cluster)
    words = (
        "--user=site",
        f"--password-file={files['app']}",
        f"--grafana-password-file={files['grafana']}",
    )

    code, lines, err = migrate(cluster, *words)

    assert (code, err) == (0, "")
    assert lines == [
        f"schema none -> {head()}",
        "user site made",
        "password of site set",
        *(f"{role} granted to site" for role in ROLES),
        "password of grafanareader set",
    ]
    assert scram.matches(await kept_password(cluster, "site"), PASSWORD)
    assert scram.matches(await kept_password(cluster, "grafanareader"), "graf-4711")
    before = await kept_password(cluster, "site")

    assert migrate(cluster, *words) == (0, [f"schema {head()}"], "")
    assert await kept_password(cluster, "site") == before
    log = await log_of(cluster)
    assert "create role" in log
    assert PASSWORD not in log
    assert "graf-4711" not in log
    assert "SCRAM-SHA-256$" not in log


async def test_new_password_replaces_the_old_one_alone(
    cluster: str, files: Mapping[str, str]
) -> None:
    """A secret is rotated by writing its file and migrating again."""
    words = ("--user=site", f"--password-file={files['app']}", "--roles=hepscope_reader")
    migrate(cluster, *words)
    _write(files["app"], "another\r\n")

    code, lines, _ = migrate(cluster, *words)

    assert (code, lines) == (0, [f"schema {head()}", "password of site set"])
    assert scram.matches(await kept_password(cluster, "site"), "another")


@pytest.mark.parametrize(
    "password",
    ["pencil", PASSWORD, "I\u00adX", "\u2168", "a\u00a0b", "\u0007", "\u0627\u0031", "\u00ad"],
)
async def test_server_makes_the_same_of_a_password(database: str, password: str) -> None:
    """Whatever stands in the file: its own verifier is ours, given its salt."""
    connection = await asyncpg.connect(database)
    try:
        # Undone at the end, since roles are the whole server's.
        transaction = connection.transaction()
        await transaction.start()
        quoted = await connection.fetchval("select quote_literal($1::text)", password)
        await connection.execute("set local password_encryption = 'scram-sha-256'")
        await connection.execute(f"create role scram_probe login password {quoted}")
        kept = await connection.fetchval(
            "select rolpassword from pg_authid where rolname = 'scram_probe'"
        )
        await transaction.rollback()
    finally:
        await connection.close()

    assert scram.matches(kept, password)


async def test_who_may_create_roles_needs_no_superuser(
    cluster: str, files: Mapping[str, str]
) -> None:
    """As on managed servers; there the log holds a verifier at worst, never the password."""
    await execute(cluster, "create role boss login createrole", "create database site owner boss")
    await log_everything(cluster)
    dsn = dsn_of(cluster, "site", "boss")

    code, lines, err = migrate(dsn, "--user=site", f"--password-file={files['app']}")

    assert (code, err) == (0, "")
    assert "password of site set" in lines
    assert scram.matches(await kept_password(cluster, "site"), PASSWORD)
    assert PASSWORD not in await log_of(cluster)


async def test_who_may_not_is_told_so(cluster: str, files: Mapping[str, str]) -> None:
    """In one line, after the schema, which such a user may own."""
    await execute(cluster, "create role plain login", "create database site owner plain")
    dsn = dsn_of(cluster, "site", "plain")

    code, _, err = migrate(dsn, "--user=site", f"--password-file={files['app']}")

    assert code == 1
    assert err.startswith("hepscope-migrate: ")
    assert "logins are set by a superuser" in err
    assert "\n" not in err


async def test_nothing_is_set_when_one_thing_fails(cluster: str, files: Mapping[str, str]) -> None:
    """A role that does not exist leaves no half-made user behind."""
    words = ("--user=site", f"--password-file={files['app']}", "--roles=hepscope_reader,nobody")

    code, _, err = migrate(cluster, *words)

    assert code == 1
    assert err == "hepscope-migrate: there is no role nobody to grant to site"
    assert await kept_password(cluster, "site") == "None"


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (None, "No such file or directory"),
        (b"", "a password has 1 to 4096 bytes"),
        (b"\n", "a password has 1 to 4096 bytes"),
        (b"x" * 5000, "a password has 1 to 4096 bytes"),
        (b"\xff\xfe", "it is not UTF-8 (byte 0)"),
        (b"two\nlines\n", "a password is one line of text"),
    ],
)
def test_file_that_holds_no_password(
    tmp_path: Path, empty_database: str, content: bytes | None, expected: str
) -> None:
    """Said before anything is changed, and what it holds is not repeated."""
    path = tmp_path / "password"
    if content is not None:
        path.write_bytes(content)

    code, lines, err = migrate(empty_database, "--user=site", f"--password-file={path}")

    assert (code, lines) == (1, [])
    assert err == f"hepscope-migrate: {path}: {expected}"


@pytest.mark.parametrize("name", ["", "x" * 64])
def test_name_that_is_none(empty_database: str, files: Mapping[str, str], name: str) -> None:
    """A longer one would be cut in silence, to the name of somebody else."""
    code, _, err = migrate(empty_database, f"--user={name}", f"--password-file={files['app']}")

    assert code == 1
    assert "is no name of a role" in err


async def test_names_are_quoted(cluster: str, files: Mapping[str, str]) -> None:
    """A name is a name, whatever it looks like."""
    name = 'x" superuser; --'

    code, _, _ = migrate(cluster, f"--user={name}", f"--password-file={files['app']}")

    assert code == 0
    assert scram.matches(await kept_password(cluster, name), PASSWORD)


async def test_several_at_once_all_succeed(cluster: str, files: Mapping[str, str]) -> None:
    """Every replica of a deployment may run it before it starts."""
    words = ("--user=site", f"--password-file={files['app']}")
    processes = [command(cluster, *words) for _ in range(3)]

    ends = [(process.communicate(timeout=SECONDS), process.returncode) for process in processes]

    assert [code for _, code in ends] == [0, 0, 0], ends
    made = [line for (out, _), _ in ends for line in out.splitlines() if line == "user site made"]
    assert len(made) == 1


def test_it_waits_for_a_server_that_starts(postgres_server: str) -> None:
    """Compose and Kubernetes start both at once."""
    assert postgres_server
    with tempfile.TemporaryDirectory(prefix="hepscope-pg-", ignore_cleanup_errors=True) as scratch:
        Path(scratch).chmod(0o711)
        directory = Path(scratch, "server")
        directory.mkdir(mode=0o700)
        server = Cluster(find_binaries(Path(scratch)), directory)
        process = command(server.dsn, "--wait=100")
        server.create()
        server.start()
        try:
            out, err = process.communicate(timeout=SECONDS)
        finally:
            server.stop()

    assert (process.returncode, out, err) == (0, f"schema none -> {head()}\n", "")


def test_server_that_never_answers() -> None:
    """It gives up after the time that it was given."""
    code, _, err = migrate("postgresql://site@127.0.0.1:1/site", "--wait=1")

    assert code == 1
    assert err.startswith("hepscope-migrate: the database does not answer within 1 s: ")
    assert "\n" not in err


def test_it_can_be_ended_while_it_waits() -> None:
    """As first process of a container too, where a signal without a handler is lost."""
    process = command("postgresql://site@127.0.0.1:1/site", "--wait=100")
    handled = Path(f"/proc/{process.pid}/status")

    def handles_term() -> bool:
        mask = next(line for line in handled.read_text().splitlines() if line.startswith("SigCgt"))
        return bool(int(mask.split()[1], 16) >> (signal.SIGTERM - 1) & 1)

    until(handles_term, "it handles SIGTERM")
    process.send_signal(signal.SIGTERM)

    _, err = process.communicate(timeout=SECONDS)
    assert (process.returncode, err) == (130, "")


async def test_it_can_be_ended_while_another_migrates(empty_database: str) -> None:
    """Which may take a quarter of an hour, and whoever ends a container waits for seconds."""
    other = await asyncpg.connect(empty_database)
    await other.execute("select pg_advisory_lock($1)", ADVISORY_LOCK)
    process = command(empty_database)
    waiting = "select exists (select from pg_locks where locktype = 'advisory' and not granted)"
    async with asyncio.timeout(SECONDS):
        while not await other.fetchval(waiting):
            await asyncio.sleep(0.05)

    process.send_signal(signal.SIGTERM)
    try:
        _, err = await asyncio.to_thread(process.communicate, timeout=60)
    finally:
        process.kill()
        await other.close()
    assert (process.returncode, err) == (130, "")


async def test_who_gives_up_an_upgrade_can_end(empty_database: str) -> None:
    """A service that is told to end while another process migrates."""
    other = await asyncpg.connect(empty_database)
    await other.execute("select pg_advisory_lock($1)", ADVISORY_LOCK)
    program = (
        "import asyncio, sys, hepscope_migrations as m\n"
        "try: asyncio.run(asyncio.wait_for(m.upgrade(sys.argv[1]), 5))\n"
        "except TimeoutError: sys.exit(7)\n"
    )
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", program, empty_database)
    try:
        async with asyncio.timeout(60):
            assert await process.wait() == 7
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
        await other.close()


@pytest.mark.parametrize(
    ("dsn", "expected"),
    [
        ("", "setting store.dsn is missing"),
        ("nonsense", "setting store.dsn: expected postgresql://"),
        ("postgresql://site:hunter/2@127.0.0.1/site", "setting store.dsn: expected postgresql://"),
        ("postgresql://site:hunter@127.0.0.1:99999/site", "setting store.dsn: expected postgres"),
    ],
)
def test_address_that_is_none(dsn: str, expected: str) -> None:
    """One line, without a traceback, and without a part of the password."""
    code, _, err = migrate(dsn)

    assert code == 1
    assert err.startswith(f"hepscope-migrate: {expected}")
    assert "\n" not in err
    assert "hunter" not in err


def test_user_and_password_belong_together() -> None:
    """Wrong usage, before anything is looked at."""
    code, _, err = migrate("postgresql://site@127.0.0.1:1/site", "--user=site")

    assert code == 2
    assert "--user and --password-file belong together" in err
