"""What deploy/compose makes before anything starts: secrets, their copies, owners, a cluster id."""

import base64
import hashlib
import importlib.util
import os
import stat
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType

import pytest

SCRIPT = Path(__file__).parents[3] / "deploy" / "compose" / "prepare.py"


def _load() -> ModuleType:
    spec = importlib.util.spec_from_file_location("compose_prepare", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    # Its dataclass looks its own module up.
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


prepare = _load()
# Copies belong to other users; here to the one who runs the tests, which needs no root.
OURS = {f"UID_{name.upper().replace('-', '_')}": str(os.getuid()) for name in prepare.CONSUMERS}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A machine before its first start: empty directories, every consumer's volume mounted."""
    for name in ("secrets", "tls", *(f"consumers/{name}" for name in prepare.CONSUMERS)):
        (tmp_path / name).mkdir(parents=True)
    return tmp_path


@pytest.fixture
def run(root: Path) -> Callable[..., None]:
    """Run the script on that machine."""

    def started(environ: Mapping[str, str] | None = None) -> None:
        prepare.main(root, {**OURS, **(environ or {})})

    return started


@pytest.fixture(autouse=True)
def certificate(root: Path) -> None:
    """The site has a certificate, so that none has to be made."""
    (root / "tls" / "certificate.pem").write_text("a certificate")
    (root / "tls" / "key.pem").write_text("its key")


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_first_start_makes_every_secret_and_no_two_alike(
    root: Path, run: Callable[..., None]
) -> None:
    """Each has 24 random bytes, as 32 characters that need no quoting anywhere."""
    run()
    values = [(root / "secrets" / name).read_text() for name in prepare.SECRETS]
    assert len(set(values)) == len(prepare.SECRETS)
    assert all(len(value) == 33 and value.endswith("\n") for value in values)
    assert _mode(root / "secrets") == 0o700
    assert {_mode(path) for path in (root / "secrets").iterdir()} == {0o600}


def test_a_secret_that_is_there_stays_and_is_closed(root: Path, run: Callable[..., None]) -> None:
    """A password of the operator's own is taken, whatever mode it was written with."""
    own = root / "secrets" / "admin_password"
    own.write_text("correct horse\n")
    own.chmod(0o644)
    run()
    run()
    assert own.read_text() == "correct horse\n"
    assert _mode(own) == 0o600
    copy = root / "consumers" / "query-api" / "admin_password"
    assert copy.read_bytes() == b"correct horse"


def test_who_has_read_an_old_password_is_named(
    root: Path, run: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    """`up` starts those anew; a first start names nobody."""
    run()
    assert "changed" not in capsys.readouterr().out
    (root / "secrets" / "hepscope_password").write_text("another\n")
    (root / "tls" / "certificate.pem").write_text("renewed")
    run()
    said = capsys.readouterr().out.split("\n")
    assert said == ["changed migrate", "changed storage-writer", "changed query-api", ""]


def test_a_secret_lost_on_the_host_comes_back_from_a_copy(
    root: Path, run: Callable[..., None]
) -> None:
    """The database still has the password that it was made with."""
    run()
    path = root / "secrets" / "postgres_password"
    before = path.read_text()
    path.unlink()
    run()
    assert path.read_text() == before


def test_each_consumer_reads_what_it_may_know_and_nothing_else(
    root: Path, run: Callable[..., None]
) -> None:
    """Files of theirs that are not theirs any more go away."""
    stale = root / "consumers" / "query-api" / "postgres_password"
    stale.write_text("old")
    run()
    found = {
        name: {path.name for path in (root / "consumers" / name).iterdir()}
        for name in prepare.CONSUMERS
    }
    assert found["postgres"] == {"postgres_password"}
    assert found["query-api"] == {"hepscope_password", "admin_password"}
    assert found["storage-writer"] == {"hepscope_password"}
    assert found["metrics-exporter"] == set()
    assert found["grafana"] == {"grafana_password", "grafana_admin_password"}
    assert found["nginx"] == {"htpasswd", "certificate.pem", "key.pem"}
    modes = {_mode(path) for path in (root / "consumers").rglob("*") if path.is_file()}
    assert modes == {0o400}


def test_a_password_for_servers_of_others_is_never_invented(
    root: Path, run: Callable[..., None]
) -> None:
    """With overlay external it has to be there; a random one would lock everybody out."""
    given = {"SECRETS_GIVEN": "postgres_password"}
    with pytest.raises(prepare.PrepareError, match="postgres_password is missing"):
        run(given)
    (root / "secrets" / "postgres_password").write_text("theirs\n")
    run(given)
    assert (root / "consumers" / "migrate" / "postgres_password").read_text() == "theirs"


def test_an_optional_secret_is_handed_on_when_it_is_there(
    root: Path, run: Callable[..., None]
) -> None:
    """Kafka's password exists only where Kafka asks for one."""
    run()
    copy = root / "consumers" / "storage-writer" / "kafka_password"
    assert not copy.exists()
    (root / "secrets" / "kafka_password").write_text("sasl\n")
    run()
    assert copy.read_text() == "sasl"


def test_a_secret_of_two_lines_is_refused(root: Path, run: Callable[..., None]) -> None:
    """Programs differ in what they take of it; better no start than one of them locked out."""
    (root / "secrets" / "admin_password").write_text("one\ntwo\n")
    with pytest.raises(prepare.PrepareError, match="admin_password has more than one line"):
        run()


def test_htpasswd_is_a_salted_hash_of_the_admin_password(
    root: Path, run: Callable[..., None]
) -> None:
    """As nginx reads {SSHA}: SHA-1 of password and salt, then the salt, in base64."""
    (root / "secrets" / "admin_password").write_text("pässword\n", encoding="utf-8")
    run()
    line = (root / "consumers" / "nginx" / "htpasswd").read_text()
    user, _, rest = line.rstrip("\n").partition(":{SSHA}")
    packed = base64.b64decode(rest)
    assert user == "admin"
    assert len(packed) == 36
    expected = hashlib.sha1("pässword".encode() + packed[20:], usedforsecurity=False).digest()
    assert packed[:20] == expected


def test_half_a_certificate_is_an_error(root: Path, run: Callable[..., None]) -> None:
    """A key without its certificate is a mistake, whether certificates are needed or not."""
    (root / "tls" / "certificate.pem").unlink()
    with pytest.raises(prepare.PrepareError, match=r"tls/certificate\.pem missing"):
        run()


def test_overlay_tls_needs_a_certificate(root: Path, run: Callable[..., None]) -> None:
    """Who asks for his own certificates is not given one of ours in silence."""
    for name in ("certificate.pem", "key.pem"):
        (root / "tls" / name).unlink()
    with pytest.raises(prepare.PrepareError, match="missing"):
        run({"TLS": "required"})


def test_without_a_certificate_one_is_made_once(root: Path, run: Callable[..., None]) -> None:
    """It is kept on the host, so that browsers which trust it go on trusting it."""
    for name in ("certificate.pem", "key.pem"):
        (root / "tls" / name).unlink()
    run({"TLS_NAMES": "hep.example.org, 192.0.2.1"})
    copy = root / "consumers" / "nginx" / "certificate.pem"
    first = copy.read_bytes()
    assert first.startswith(b"-----BEGIN CERTIFICATE-----")
    assert not (root / "consumers" / "ingest" / "certificate.pem").exists()
    run()
    assert copy.read_bytes() == first


def test_a_new_certificate_replaces_the_copies(root: Path, run: Callable[..., None]) -> None:
    """After a renewal `make up` is enough."""
    run()
    (root / "tls" / "certificate.pem").write_text("renewed")
    run()
    for name in ("ingest", "nginx"):
        assert (root / "consumers" / name / "certificate.pem").read_text() == "renewed"


def test_kafka_gets_an_id_once(root: Path, run: Callable[..., None]) -> None:
    """22 characters of URL-safe base64 that begin with no dash, as Kafka's own tool makes them."""
    data = root / "data" / "kafka"
    data.mkdir(parents=True)
    owners = {"OWNERS": f"kafka:{os.getuid()} absent:1"}
    run(owners)
    first = (data / "cluster_id").read_text()
    assert len(base64.urlsafe_b64decode(first.strip() + "==")) == 16
    assert not first.startswith("-")
    run(owners)
    assert (data / "cluster_id").read_text() == first


@pytest.mark.skipif(os.getuid() == 0, reason="root may give anything to anybody")
def test_a_directory_with_data_of_somebody_else_is_left_alone(tmp_path: Path) -> None:
    """POSTGRES_DATA that names another program's directory must not become PostgreSQL's."""
    (tmp_path / "content").touch()
    with pytest.raises(prepare.PrepareError, match="belongs to user"):
        prepare.give_to(tmp_path, os.getuid() + 1)


@pytest.mark.skipif(os.getuid() != 0, reason="only root may give a directory away")
def test_a_new_directory_is_given_to_its_user(tmp_path: Path) -> None:
    """Docker makes the directories that .env names, and makes them root's."""
    new, mounted, used = (tmp_path / name for name in ("new", "mounted", "used"))
    for directory in (new, mounted, used):
        directory.mkdir()
    (mounted / "lost+found").mkdir()
    (used / "content").touch()
    os.chown(used, 4242, 4242)
    prepare.give_to(new, 999)
    prepare.give_to(mounted, 999)
    assert new.stat().st_uid == mounted.stat().st_uid == 999
    assert _mode(new) == 0o700
    with pytest.raises(prepare.PrepareError, match="belongs to user 4242"):
        prepare.give_to(used, 999)


def test_a_user_id_that_is_none_is_refused(run: Callable[..., None]) -> None:
    """POSTGRES_UID=postgres says nothing to a kernel."""
    with pytest.raises(prepare.PrepareError, match="'postgres' is no user id"):
        run({"UID_POSTGRES": "postgres"})
