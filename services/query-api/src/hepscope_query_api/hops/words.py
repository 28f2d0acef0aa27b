"""Times and addresses in the words of the walk."""

from datetime import UTC, datetime

_EVERYWHERE = ("::", "0.0.0.0")  # noqa: S104


def moment_text(moment: datetime | None) -> str:
    """Return ``2026-11-24 16:02:49 UTC``; ``never`` for none."""
    return "never" if moment is None else f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def ago_text(seconds: float) -> str:
    """Return ``12 s``, ``14 min``, ``5 h``."""
    if seconds < 120:
        return f"{max(seconds, 0):.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.0f} h"


def address_text(host: str, port: int) -> str:
    """Return ``192.0.2.1:9060``, ``*:9060`` for every address of a machine."""
    if host in _EVERYWHERE:
        return f"*:{port}"
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
