"""Parts as containers of the images of deploy/compose, locked in as its files say.

They are in the host's network, so that each connection still goes through a proxy on loopback.
"""

import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from chaos import docker
from chaos.compose_file import Service, hardening_of, read_services
from chaos.container import Container
from chaos.parts import INGESTS, Part
from support.docker import BUILDS_AT_ONCE, build

SERVICES = {
    **dict.fromkeys(INGESTS, "ingest"),
    **dict.fromkeys((Part.WRITER, Part.WRITER_2), "storage-writer"),
    Part.EXPORTER: "metrics-exporter",
    Part.API: "query-api",
}
DATABASE = "postgres"
DATABASE_DATA = "/var/lib/postgresql/data"
DATA = Path("/var/lib/hepscope")
NO_CLOCKS = "clock: libfaketime is not in the images"
SMALL = {
    "POSTGRES_MAX_CONNECTIONS": "60",
    "POSTGRES_MAX_LOCKS_PER_TRANSACTION": "256",
    "POSTGRES_SHARED_BUFFERS": "64MB",
    "POSTGRES_EFFECTIVE_CACHE_SIZE": "256MB",
    "POSTGRES_MAX_WAL_SIZE": "96MB",
    "POSTGRES_MIN_WAL_SIZE": "32MB",
}
"""What the small disk has room for; all else is tuned as .env says."""


class ContainerMaker:
    """Makes containers, each with a volume that goes with it."""

    title = "containers"
    no_clocks = NO_CLOCKS

    def __init__(self) -> None:
        self._services: Mapping[str, Service] = {}

    def prepare(self) -> None:
        """Build our images. Raises DockerError, ComposeFileError."""
        self._services = read_services(SMALL)
        docker.require_image(self._services[DATABASE]["image"])
        with ThreadPoolExecutor(BUILDS_AT_ONCE) as builders:
            list(builders.map(build, sorted(set(SERVICES.values()))))

    def database(self, folder: Path, scratch: Path, port: int, log: Path) -> Container:
        """Return PostgreSQL as Compose runs it, but that it believes whoever comes from here."""
        del scratch
        known = self._services[DATABASE]
        folder.mkdir(mode=0o700)
        if os.geteuid() == 0:
            user, _, group = known["user"].partition(":")
            os.chown(folder, int(user), int(group))
            volume = f"{folder}:{DATABASE_DATA}"
        else:
            # Only root can give a folder away. Docker gives a new volume to the image's user.
            volume = DATABASE_DATA
        words = known["environment"]["POSTGRES_INITDB_ARGS"]
        environ = {
            "PGDATA": known["environment"]["PGDATA"],
            "POSTGRES_INITDB_ARGS": words.replace("auth-host=scram-sha-256", "auth-host=trust"),
            "POSTGRES_HOST_AUTH_METHOD": "trust",
        }
        return Container(
            "database",
            known["image"],
            environ,
            log,
            options=[*hardening_of(known), "--volume", volume],
            arguments=[*known["command"], "-c", "listen_addresses=127.0.0.1", "-c", f"port={port}"],
        )

    def data_folder(self, folder: Path) -> Path:
        """Return the place of the image's volume."""
        del folder
        return DATA

    def service(self, part: Part, settings: Mapping[str, str], log: Path) -> Container:
        """Return a container of a service's image."""
        known = self._services[SERVICES[part]]
        options = [*hardening_of(known), "--volume", str(DATA)]
        return Container(part, known["image"], settings, log, options=options)
