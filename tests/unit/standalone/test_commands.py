"""The hepscope command: what it checks, what it prints, and that its pages are current."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from hepscope_common.bus import SIGNALLING, TopicPartition
from hepscope_common.runtime import StartupError
from hepscope_common.settings import Listen, load
from hepscope_common.store.positions import Position
from hepscope_standalone.banner import Places, banner
from hepscope_standalone.bus_identity import bus_id_of, start_offsets
from hepscope_standalone.cli import main
from hepscope_standalone.commands import COMMANDS
from hepscope_standalone.reference.__main__ import PAGES
from hepscope_standalone.reference.configuration import configuration_page
from hepscope_standalone.settings import StandaloneSettings

DOCS = Path(__file__).parents[3] / "docs"
LOOPBACK, ANY = Listen(host="127.0.0.1", port=9080), Listen(host="::", port=9060)


def places(**changes: object) -> Places:
    """Return the addresses of a default start."""
    values = {
        "udp": [ANY],
        "tcp": [ANY],
        "tls": [],
        "http": [],
        "pages": ["http://localhost:9080"],
        "metrics": ["http://localhost:9096"],
        "exposed": [],
        "unserved": [],
        "database": "PostgreSQL 18.6, embedded",
        "data_dir": "/srv/hepscope",
        "seconds": 1.25,
    }
    return Places(**{**values, **changes})  # type: ignore[arg-type]


def test_the_banner_says_where_everything_is() -> None:
    """Page, HEP, API, metrics, database, data."""
    text = banner(places())
    for part in (
        "http://localhost:9080",
        "udp *:9060, tcp *:9060",
        "http://localhost:9080/docs",
        "http://localhost:9096/metrics",
        "PostgreSQL 18.6, embedded",
        "/srv/hepscope",
    ):
        assert part in text
    assert "WARNING" not in text


def test_the_banner_warns_of_what_others_can_reach() -> None:
    """There are no users yet: whoever reaches the page reads every call."""
    text = banner(places(exposed=[Listen(host="0.0.0.0", port=9080)]))
    assert "WARNING: 0.0.0.0:9080 can be reached by other machines" in text


def test_the_banner_names_settings_that_do_nothing_yet() -> None:
    """A user who set them must not believe that they work."""
    text = banner(places(unserved=["api.admin_password"]))
    assert "not served by this release: api.admin_password" in text


def test_the_banner_names_every_transport_that_is_on() -> None:
    """With the addresses at which they are reached."""
    tls, http = Listen(host="::", port=9061), Listen(host="127.0.0.1", port=9062)
    text = banner(places(tcp=[], tls=[tls], http=[http]))
    assert "HEP       udp *:9060, tls *:9061, http 127.0.0.1:9062\n" in text


def test_what_is_off_is_said_to_be_off() -> None:
    """An empty list of addresses is no empty line."""
    assert "HEP       off" in banner(places(udp=[], tcp=[]))


def test_a_data_directory_keeps_the_name_of_its_bus(tmp_path: Path) -> None:
    """Positions in the database are found again after a restart; another directory is another."""
    assert bus_id_of(tmp_path) == bus_id_of(tmp_path)
    other = tmp_path / "other"
    other.mkdir()
    assert bus_id_of(other) != bus_id_of(tmp_path)


def test_a_bus_id_that_cannot_be_kept_is_an_error(tmp_path: Path) -> None:
    """One line that names the file."""
    with pytest.raises(StartupError, match=r"cannot keep the bus id in .*bus-id: "):
        bus_id_of(tmp_path / "missing")


def test_logs_begin_where_the_database_stands() -> None:
    """The numbers of records that were never stored are given again."""
    stored = {(SIGNALLING, 1): Position(next_offset=7, epoch=3)}
    assert start_offsets(stored, 4) == {TopicPartition(SIGNALLING, 1): 7}
    assert start_offsets({}, 4) == {}


def test_fewer_partitions_than_before_are_refused() -> None:
    """The message says which setting mends it."""
    stored = {(SIGNALLING, 7): Position(next_offset=7, epoch=3)}
    with pytest.raises(StartupError, match="HEPSCOPE_BUS__PARTITIONS=8"):
        start_offsets(stored, 4)


@pytest.mark.parametrize(
    ("words", "fault"),
    [
        (["capture", "--interfaces", "eth0"], "--interfaces is no option (is it --interface?)"),
        (["capture", "-i", "eth0"], "-i is no option; here it is --interface"),
        (["run", "--nope"], "unrecognized arguments: --nope"),
    ],
)
def test_an_unknown_option_is_told(
    capsys: pytest.CaptureFixture[str], words: list[str], fault: str
) -> None:
    """By the capture with the one that may be meant."""
    with pytest.raises(SystemExit) as ended:
        main(words)
    assert ended.value.code == 2
    assert fault in capsys.readouterr().err


def test_settings_in_order_are_said_to_be(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 0 and the name of the file."""
    path = tmp_path / "hepscope.toml"
    path.write_text(
        '[ingest]\nauth_keys = ["a"]\n[log]\nlevel = "debug"\n[ops]\nlisten = "[::]:9100"\n'
        '[capture]\ninterface = "eth1"\n[capture.filters]\nexclude_methods = "OPTIONS"\n'
    )
    assert main(["check-config", "--config", str(path)]) == 0
    assert str(path) in capsys.readouterr().out


BROKEN = {
    "[ingest]\nupd = []\n": "unknown setting ingest.upd",
    "[gizmo]\nx = 1\n": "unknown section gizmo",
    '[log]\nlevel = "loud"\n': "setting log.level",
    '[ingest]\ntcp = ["nowhere"]\n': "setting ingest.tcp.0: expected host:port",
    "[capture.masks]\nnumber = 1\n": "capture.masks.number is no setting (is it numbers?)",
    "[capture]\nnode_id = -1\n": "capture.node_id: a node id is",
}


@pytest.mark.parametrize("text", BROKEN)
def test_mistakes_in_settings_are_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str
) -> None:
    """Exit code 1 and one line."""
    path = tmp_path / "hepscope.toml"
    path.write_text(text)
    assert main(["check-config", "--config", str(path)]) == 1
    error = capsys.readouterr().err
    assert BROKEN[text] in error
    assert error.count("\n") == 1


UNREADABLE: dict[str, tuple[bytes | None, str]] = {
    "a file that is not there": (None, "hepscope.toml: No such file or directory"),
    "bytes that are no text": (b"[api]\n# \xff", "hepscope.toml: it is not UTF-8 (byte 8)"),
    "text that is no TOML": (b"[api", "hepscope.toml: Expected"),
}


@pytest.mark.parametrize("case", UNREADABLE)
def test_a_settings_file_that_cannot_be_read_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], case: str
) -> None:
    """It names the file once, and no error number."""
    content, words = UNREADABLE[case]
    path = tmp_path / "hepscope.toml"
    if content is not None:
        path.write_bytes(content)

    assert main(["check-config", "--config", str(path)]) == 1

    error = capsys.readouterr().err
    assert words in error
    assert error.count("\n") == error.count(str(path)) == 1


def test_a_secret_that_cannot_be_read_is_one_line(tmp_path: Path) -> None:
    """It names the variable and the file."""
    missing = str(tmp_path / "dsn")
    with pytest.raises(StartupError) as refused:
        load(StandaloneSettings, environ={"HEPSCOPE_STORE__DSN_FILE": missing})

    assert str(refused.value) == f"HEPSCOPE_STORE__DSN_FILE: {missing}: No such file or directory"


def test_an_empty_data_directory_is_not_the_working_directory(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """As a setting it is as good as none; as an option it is a mistake; ``~`` is expanded."""
    for text, wanted in {
        "": None,
        "~/voip": Path.home() / "voip",
        "/srv/x": Path("/srv/x"),
    }.items():
        settings = load(StandaloneSettings, environ={"HEPSCOPE_DATA_DIR": text})
        assert settings.data_dir == wanted
    with pytest.raises(SystemExit) as ended:
        main(["run", "--data-dir", ""])

    assert ended.value.code == 2
    assert "--data-dir: it is empty" in capsys.readouterr().err


def test_output_that_nobody_reads_is_no_crash(tmp_path: Path) -> None:
    """As with ``hepscope check-config | true``: exit code 1, and no traceback."""
    reading, writing = os.pipe()
    os.close(reading)
    try:
        done = subprocess.run(
            [sys.executable, "-m", "hepscope_standalone", "check-config"],
            stdout=writing,
            stderr=subprocess.PIPE,
            cwd=tmp_path,
            check=False,
            timeout=60,
        )
    finally:
        os.close(writing)

    assert (done.returncode, done.stderr) == (1, b"")


UNUSABLE = {
    "garbage": "the database's address cannot be used: invalid DSN",
    "postgresql://nobody@127.0.0.1:1/none": "the database does not answer",
}


@pytest.mark.parametrize("dsn", UNUSABLE)
def test_a_database_that_cannot_be_migrated_is_one_line(
    dsn: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whatever is wrong with the address."""
    assert main(["migrate", "--dsn", dsn]) == 1

    error = capsys.readouterr().err
    assert UNUSABLE[dsn] in error
    assert error.count("\n") == 1


def test_migrate_needs_a_database(capsys: pytest.CaptureFixture[str]) -> None:
    """The embedded one is migrated whenever it starts."""
    assert main(["migrate"]) == 1
    assert "no database named" in capsys.readouterr().err


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_a_help(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """It lists the options of the command's own module, or its actions."""
    with pytest.raises(SystemExit) as ended:
        main([name, "--help"])
    assert ended.value.code == 0
    text = capsys.readouterr().out
    assert text.count("--") > 1 or " ACTION " in text


def test_the_help_lists_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    """Without importing any of them."""
    with pytest.raises(SystemExit) as ended:
        main(["--help"])
    assert ended.value.code == 0
    text = capsys.readouterr().out
    assert [name for name in COMMANDS if name not in text] == []


@pytest.mark.parametrize("arguments", [[], ["fly"], ["run", "--fly"]])
def test_wrong_usage_ends_with_code_2(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """And shows how it is used."""
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert "usage: hepscope" in capsys.readouterr().err


PROMISED = (
    "HEPSCOPE_DATA_DIR",
    "HEPSCOPE_INGEST__UDP",
    "HEPSCOPE_INGEST__TCP",
    "HEPSCOPE_INGEST__TLS",
    "HEPSCOPE_INGEST__HTTP",
    "HEPSCOPE_INGEST__AUTH_KEYS",
    "HEPSCOPE_API__LISTEN",
    "HEPSCOPE_METRICS__LISTEN",
    "HEPSCOPE_STORE__DSN",
    "HEPSCOPE_BUS__BOOTSTRAP_SERVERS",
    "HEPSCOPE_API__ADMIN_PASSWORD",
)


def test_the_configuration_page_has_every_promised_setting() -> None:
    """Others rely on these names."""
    page = configuration_page()
    assert [name for name in PROMISED if f"`{name}`" not in page] == []


@pytest.mark.parametrize("name", PAGES)
def test_generated_pages_are_current(name: str) -> None:
    """`make docs` writes them."""
    assert (DOCS / name).read_text(encoding="utf-8") == PAGES[name]()
