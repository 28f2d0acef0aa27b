"""A stand-in for hepscope: runs the embedded PostgreSQL and prints its DSN and pid."""

import asyncio
import signal
import sys
from pathlib import Path

from hepscope_standalone.postgres import EmbeddedPostgres, StartupError


async def main(data_dir: Path) -> None:
    """Run until SIGTERM or SIGINT."""
    loop = asyncio.get_running_loop()
    told = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, told.set)
    system_dir = data_dir.parent / "system"
    async with EmbeddedPostgres(data_dir, system_dir=system_dir, durable=False) as component:
        sys.stdout.write(f"{component.dsn} {component.pid}\n")
        sys.stdout.flush()
        await told.wait()


if __name__ == "__main__":
    try:
        asyncio.run(main(Path(sys.argv[1])))
    except StartupError as error:
        sys.exit(str(error))
