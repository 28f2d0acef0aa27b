"""A Kamailio that sends what it relays as HEP, with sipp before and behind it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from support.ports import is_bound
from support.service import until
from support.siptools import free_port, run, running

CONFIG = Path(__file__).parents[1] / "data" / "e2e" / "kamailio.cfg"
OPTIONS = ("-nostdin", "-nr")
"""Of every sipp; it sends nothing twice, since on a busy machine each answer may be late."""


@contextmanager
def kamailio(
    folder: Path, hep_port: int, *, version: int, node_id: int, agent_port: int
) -> Iterator[int]:
    """Run the proxy; gives its port once it answers."""
    port = free_port()
    text = CONFIG.read_text()
    for word, value in (
        ("PROXY_PORT", port),
        ("HEP_VERSION", version),
        ("NODE_ID", node_id),
        ("HEP_PORT", hep_port),
        ("AGENT_PORT", agent_port),
    ):
        text = text.replace(f"@{word}@", str(value))
    config = folder / "kamailio.cfg"
    config.write_text(text)
    options = ("-DD", "-E", "-m", "64", "-M", "8", "-Y", str(folder), "-f", str(config))
    with running("kamailio", *options, cwd=folder) as process:

        def is_up() -> bool:
            assert process.poll() is None, (folder / "kamailio.log").read_text()
            return udp_port_is_taken(port)

        until(is_up, "kamailio to listen")
        yield port


def udp_port_is_taken(port: int) -> bool:
    """Whether a port is bound."""
    return is_bound(port)


@contextmanager
def user_agent(folder: Path) -> Iterator[int]:
    """Run a sipp that answers every call; gives its port."""
    port = free_port()
    options = ("-sn", "uas", "-i", "127.0.0.1", "-p", str(port), *OPTIONS)
    with running("sipp", *options, cwd=folder):
        until(lambda: udp_port_is_taken(port), "sipp to listen")
        yield port


def call(
    folder: Path, proxy: int, *, caller: int, prefix: str, user: str = "service", count: int = 1
) -> int:
    """Make calls through the proxy; returns sipp's exit code."""
    done = run(
        "sipp", "-sn", "uac", "-i", "127.0.0.1", "-p", str(caller), "-m", str(count),
        "-r", "10", "-d", "100", "-s", user, "-cid_str", f"{prefix}-%u-%p@%s", *OPTIONS,
        "-timeout", "60", f"127.0.0.1:{proxy}",
        cwd=folder,
    )  # fmt: skip
    return done.returncode
