"""What a user reads once everything runs: where it listens, where to look, what is exposed."""

from collections.abc import Sequence
from dataclasses import dataclass

from hepscope_common import __version__
from hepscope_common.settings import Listen
from hepscope_common.sockets import ALL


@dataclass(frozen=True, slots=True)
class Places:
    """The addresses of a running hepscope."""

    udp: Sequence[Listen]
    tcp: Sequence[Listen]
    tls: Sequence[Listen]
    http: Sequence[Listen]
    pages: Sequence[str]
    metrics: Sequence[str]
    exposed: Sequence[Listen]
    unserved: Sequence[str]
    database: str
    data_dir: str
    seconds: float


def banner(places: Places) -> str:
    """Return some lines of text, warnings last."""
    rows = [
        ("page", ", ".join(places.pages) or "off"),
        ("HEP", _listening(places) or "off"),
        ("API", ", ".join(f"{page}/docs" for page in places.pages) or "off"),
        ("metrics", ", ".join(f"{url}/metrics" for url in places.metrics) or "off"),
        ("database", places.database),
        ("data", places.data_dir),
    ]
    lines = [f"hepscope {__version__} is running (started in {places.seconds:.1f} s)", ""]
    lines += [f"  {name:<9} {value}" for name, value in rows]
    lines += ["", "  Fill it with an hour of calls: make demo    End it: Ctrl-C", ""]
    if places.exposed:
        addresses = ", ".join(str(listen) for listen in places.exposed)
        lines.append(
            f"  WARNING: {addresses} can be reached by other machines, and there are no users"
            " yet: whoever reaches it reads every call.\n"
        )
    if places.unserved:
        names = ", ".join(places.unserved)
        lines.append(f"  WARNING: set, but not served by this release: {names}\n")
    return "\n".join(lines)


def _listening(places: Places) -> str:
    transports = {"udp": places.udp, "tcp": places.tcp, "tls": places.tls, "http": places.http}
    return ", ".join(
        f"{name} {_reached_at(one)}" for name, listens in transports.items() for one in listens
    )


def _reached_at(listen: Listen) -> str:
    """An address as a person says it: ``*`` for all of them."""
    return f"*:{listen.port}" if listen.host == ALL else str(listen)
