"""scripts/check-lock: what it finds wrong with the locks of the images."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from support.docker import ROOT

SCRIPT = "scripts/check_image_locks.py"
LOCKS = "deploy/docker/locks"


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """What the script reads, to be broken."""
    kept = (
        SCRIPT,
        "requirements.lock",
        *(str(path.relative_to(ROOT)) for path in ROOT.glob(f"{LOCKS}/*.lock")),
        *(str(path.relative_to(ROOT)) for path in ROOT.glob("libs/*/pyproject.toml")),
        *(str(path.relative_to(ROOT)) for path in ROOT.glob("services/*/pyproject.toml")),
        "migrations/pyproject.toml",
    )
    for name in kept:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


def check(root: Path) -> tuple[int, str]:
    """Return the script's exit code and its complaints."""
    done = subprocess.run(
        [sys.executable, root / SCRIPT], capture_output=True, text=True, check=False, timeout=120
    )
    return done.returncode, done.stderr


def replace(path: Path, old: str, new: str) -> None:
    """Replace what is there once."""
    text = path.read_text()
    assert text.count(old) == 1
    path.write_text(text.replace(old, new))


def version_line(path: Path, library: str) -> str:
    """Return the line that pins a library."""
    [line] = [row for row in path.read_text().splitlines() if row.startswith(f"{library}==")]
    return line


def test_locks_agree(copy: Path) -> None:
    """As they are in the repository."""
    assert check(copy) == (0, "")


def test_another_version_is_found(copy: Path) -> None:
    """An image runs what was tested."""
    lock = copy / LOCKS / "ingest.lock"
    replace(lock, version_line(lock, "fastapi"), "fastapi==0.1.0 \\")

    code, said = check(copy)

    assert code == 1
    assert "ingest.lock: fastapi 0.1.0 is not that of requirements.lock" in said


def test_another_file_of_the_same_version_is_found(copy: Path) -> None:
    """The hashes are the main lock's too."""
    lock = copy / LOCKS / "ingest.lock"
    text = lock.read_text()
    start = text.index("--hash=sha256:") + len("--hash=sha256:")
    lock.write_text(text[:start] + "0" * 64 + text[start + 64 :])

    code, said = check(copy)

    assert code == 1
    assert "ingest.lock: aiokafka" in said


def test_library_that_is_missing_or_too_many_is_found(copy: Path) -> None:
    """Named by the service itself, or by what it needs."""
    replace(copy / "services/ingest/pyproject.toml", '"websockets>=14"', '"maxminddb>=2.6"')

    code, said = check(copy)

    assert code == 1
    assert "ingest.lock: maxminddb is missing" in said
    assert "ingest.lock: nobody needs websockets" in said
    # Whoever has ingest in it needs what ingest needs.
    assert "standalone.lock: nobody needs websockets" in said


def test_service_without_a_lock_is_found(copy: Path) -> None:
    """Its image could not be built."""
    (copy / LOCKS / "capture.lock").unlink()

    code, said = check(copy)

    assert code == 1
    assert "capture.lock: there is a service without a lock" in said
