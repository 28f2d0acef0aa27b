"""A real nginx in front of hepscope, for tests: the program if it is installed, else its image."""

import os
import shutil
import socket
import subprocess
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest

from support.corpus import REQUIRED
from support.kafka import free_port
from support.service import until

__all__ = ["free_port", "running_nginx"]

IMAGE: Final = "nginx:1.29-alpine"
_FRAME: Final = """\
daemon off;
worker_processes 1;
pid {directory}/nginx.pid;
error_log stderr warn;
events {{ worker_connections 64; }}
http {{
  access_log off;
  client_body_temp_path {directory}/body;
  proxy_temp_path {directory}/proxy;
  fastcgi_temp_path {directory}/fastcgi;
  uwsgi_temp_path {directory}/uwsgi;
  scgi_temp_path {directory}/scgi;
  # The request's path without its first segment, still percent-encoded as it was sent.
  map $request_uri $below {{ default /; "~^/[^/?]+(?<rest>/.*)$" $rest; }}
{servers}
}}
"""


@contextmanager
def running_nginx(directory: Path, servers: Mapping[int, str]) -> Iterator[None]:
    """Run nginx with a server per port of 127.0.0.1; skips where it can be had in no way."""
    directory.chmod(0o777)
    texts = (
        f"  server {{ listen 127.0.0.1:{port};\n{text}\n  }}" for port, text in servers.items()
    )
    config = directory / "nginx.conf"
    config.write_text(_FRAME.format(directory=directory, servers="\n".join(texts)))
    name = f"hepscope-test-nginx-{uuid.uuid4().hex[:8]}"
    process = subprocess.Popen(
        _command(name, directory, config), stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )

    def answers() -> bool:
        if process.poll() is not None:
            assert process.stdout is not None
            pytest.fail(f"nginx ended:\n{process.stdout.read().decode()}")
        return all(_is_open(port) for port in servers)

    try:
        until(answers, "nginx to listen")
        yield
    finally:
        process.terminate()
        process.communicate(timeout=30)


def _command(name: str, directory: Path, config: Path) -> list[str]:
    program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if program is not None:
        return [program, "-e", "stderr", "-p", str(directory), "-c", str(config)]
    is_required = any(os.environ.get(name) for name in REQUIRED)
    docker = shutil.which("docker")
    if docker is not None:
        found = subprocess.run(
            [docker, "image", "inspect", IMAGE], capture_output=True, check=False
        )
        # Where no test may be left out, it is pulled.
        if found.returncode == 0 or is_required:
            mount = f"{directory}:{directory}"
            run = [docker, "run", "--rm", "--name", name, "--network", "host", "-v", mount]
            return [*run, "--entrypoint", "nginx", IMAGE, "-c", str(config)]
    reason = f"no nginx, and no image {IMAGE}"
    if is_required:
        pytest.fail(reason)
    pytest.skip(reason)


def _is_open(port: int) -> bool:
    with socket.socket() as asking:
        return asking.connect_ex(("127.0.0.1", port)) == 0
