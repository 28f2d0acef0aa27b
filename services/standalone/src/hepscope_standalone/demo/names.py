"""The names of the demo's hosts, as the file of names wants them (``names.toml``)."""

from collections.abc import Mapping
from ipaddress import ip_address
from pathlib import Path

from hepscope_capture.senders.target import Target
from hepscope_standalone.demo.network import NAMED
from hepscope_standalone.demo.people import OFFICES
from hepscope_standalone.postgres.errors import StartupError
from hepscope_standalone.postgres.lock import DirectoryLock

FILE = "names.toml"
_SETTING = "HEPSCOPE_NAMES__FILE"
HEAD = "# Names of the hosts of `hepscope demo`; all addresses are of ranges for documentation."


def names_toml() -> str:
    """Return the text of a file that names every server, gateway and office of the demo."""
    named = [(host.name, host.address) for host in NAMED]
    named += [(host.twin.name, host.twin.address) for host in NAMED if host.twin]
    named += [
        (
            office.name,
            f"{office.address.removesuffix('5')}/64" if ":" in office.address else office.address,
        )
        for office in OFFICES
    ]
    entries = [f'[[name]]\nname = "{name}"\naddress = "{address}"' for name, address in named]
    return "\n\n".join([HEAD, *entries]) + "\n"


def leave_names(data_dir: Path, target: Target, environ: Mapping[str, str]) -> Path | None:
    """Name the demo's hosts for a hepscope that runs on a data directory of this machine.

    Returns the file; None where nothing was written: the target is elsewhere, nothing runs on the
    directory, it has a list of names or the environment one elsewhere, or it is not ours to write
    to.
    """
    file = data_dir / FILE
    if environ.get(_SETTING) or not (_is_here(target.host) and _is_in_use(data_dir)):
        return None
    try:
        with file.open("x", encoding="utf-8") as made:
            made.write(names_toml())
    except OSError:
        return None
    return file


def _is_here(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _is_in_use(data_dir: Path) -> bool:
    try:
        DirectoryLock(data_dir).refuse_if_held()
    except StartupError:
        return True
    return False
