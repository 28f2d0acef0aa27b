"""What ingest needs of its machine."""

from hepscope_common.tuning import Finding, machine
from hepscope_ingest.component import Ingest
from hepscope_ingest.settings import IngestSettings

OTHER_FILES = 256
"""Sockets of the bus, the spool's segments, libraries and logs, generously."""


async def look(settings: IngestSettings, ingest: Ingest) -> list[Finding]:
    """Return what is wanting, once everything listens."""
    granted = [one.receive_buffer_bytes for udp in ingest.udp for one in udp.sockets]
    return [
        *machine.receive_buffer(settings.receive_buffer_bytes, min(granted, default=None)),
        *surroundings(settings),
    ]


def surroundings(settings: IngestSettings) -> list[Finding]:
    """Return what can be told without ingest itself: open files, clock, room for the spool."""
    found = [*machine.open_files(files_wanted(settings)), *machine.clock()]
    if settings.spool_dir is not None:
        found += machine.disk_space("spool", settings.spool_dir, settings.spool_bytes)
    return found


def files_wanted(settings: IngestSettings) -> int:
    """Return how many files may be open at once."""
    streams = len(settings.tcp) + len(settings.tls) + len(settings.http)
    return streams * settings.tcp_connections + OTHER_FILES
