"""Where a process keeps what it must find again, unless a setting says otherwise."""

from collections.abc import Mapping
from pathlib import Path

ENVIRONMENT_NAME = "HEPSCOPE_DATA_DIR"
ROOT_DEFAULT = Path("/var/lib/hepscope")


def default_data_dir(environ: Mapping[str, str], uid: int) -> Path:
    """Return $HEPSCOPE_DATA_DIR, else /var/lib/hepscope for root, else the user's share."""
    named = environ.get(ENVIRONMENT_NAME)
    if named:
        return Path(named).expanduser()
    if uid == 0:
        return ROOT_DEFAULT
    # The XDG base directory specification wants relative values ignored.
    share = environ.get("XDG_DATA_HOME", "")
    base = Path(share) if share.startswith("/") else Path.home() / ".local/share"
    return base / "hepscope"
