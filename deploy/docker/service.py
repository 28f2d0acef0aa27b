#!/opt/hepscope/bin/python
"""Entry point of every image: runs the command of the image's service, in this process.

The kernel spares the first process of a container every signal that it does not handle. Until a
service handles SIGTERM itself, that is while its modules load, this ends it at once.
"""

import os
import runpy
import signal
import sys
from pathlib import Path


def _end(number: int, _: object) -> None:
    raise SystemExit(128 + number)


signal.signal(signal.SIGTERM, _end)
service = os.environ["HEPSCOPE_SERVICE"]
command = "hepscope" if service == "standalone" else f"hepscope-{service}"
sys.argv[0] = str(Path(sys.executable).with_name(command))
runpy.run_path(sys.argv[0], run_name="__main__")
