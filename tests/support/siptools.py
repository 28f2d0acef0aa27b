"""Programs of others that tests use: real SIP peers, senders of HEP, and tshark as a witness.

On a laptop a missing program is a reason to skip; where services are required (CI,
REQUIRE_SERVICES) it is a failure.
"""

import os
import random
import shutil
import socket
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from support.corpus import REQUIRED

RUN_SECONDS = 120.0
"""Longer than any program here runs, on a busy machine too."""

_PORTS = range(10_000, 20_000)
"""Below the range that the kernel takes ports of, and below that of ``support.kafka``."""

_FIELDS = (
    "frame.time_epoch",
    "ip.src",
    "ipv6.src",
    "ip.dst",
    "ipv6.dst",
    "udp.srcport",
    "tcp.srcport",
    "udp.dstport",
    "tcp.dstport",
    "sip.Method",
    "sip.Status-Code",
    "sip.CSeq",
    "sip.Call-ID",
    "udp.payload",
)


def program(name: str) -> str:
    """Return the path of an installed program; skips or fails without it."""
    found = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    if found is None:
        reason = f"{name} is not installed"
        if any(os.environ.get(variable) for variable in REQUIRED):
            pytest.fail(reason)
        pytest.skip(reason)
    return found


def run(name: str, *arguments: str, cwd: Path | None = None) -> "subprocess.CompletedProcess[str]":
    """Run a program to its end; its exit code is for the caller to judge."""
    return subprocess.run(
        [program(name), *arguments],
        check=False,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        timeout=RUN_SECONDS,
        cwd=cwd,
        env={**os.environ, "TERM": "xterm"},
    )


@contextmanager
def running(name: str, *arguments: str, cwd: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """Run a program beside the test; it is ended after the block, its output is in ``cwd``."""
    guard = ["setpriv", "--pdeathsig", "KILL"] if shutil.which("setpriv") else []
    log = cwd / f"{name}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*guard, program(name), *arguments],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=cwd,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def free_port(kind: socket.SocketKind = socket.SOCK_DGRAM) -> int:
    """Return a port of 127.0.0.1 that was free a moment ago.

    It is none that the kernel gives to somebody else meanwhile who asks for any.
    """
    for port in random.sample(_PORTS, 100):
        with socket.socket(socket.AF_INET, kind) as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    pytest.fail("no free port")


@dataclass(frozen=True, slots=True)
class SeenMessage:
    """A SIP message as tshark reads it from a capture file."""

    time_us: int
    """Microseconds since 1970; a finer time fails to be read."""
    source: tuple[str, int]
    destination: tuple[str, int]
    transport: str
    method: str | None
    status: int | None
    cseq: str
    call_id: str
    payload: str
    """Hexadecimal; of UDP only."""


def tshark(capture: Path, *arguments: str) -> list[str]:
    """Return the lines that tshark prints of a file."""
    done = run("tshark", "-n", "-r", str(capture), *arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def read_sip(capture: Path, *, ports: Sequence[tuple[str, int]] = ()) -> list[SeenMessage]:
    """Return the SIP messages of a file in its order; more ports may be said to be SIP."""
    fields = [word for name in _FIELDS for word in ("-e", name)]
    as_sip = [word for kind, port in ports for word in ("-d", f"{kind}.port=={port},sip")]
    lines = tshark(capture, *as_sip, "-Y", "sip", "-T", "fields", *fields)
    return [_seen(line.split("\t")) for line in lines]


def complaints(capture: Path) -> list[str]:
    """Return what tshark finds wrong with the packets of a file, below SIP."""
    wrong = "tcp.analysis.flags || _ws.malformed || ip.checksum.status == 0"
    checks = [f"{layer}.check_checksum:TRUE" for layer in ("ip", "tcp", "udp")]
    options = [word for check in checks for word in ("-o", check)]
    wrong += " || tcp.checksum.status == 0 || udp.checksum.status == 0"
    return tshark(capture, *options, "-Y", wrong)


def _seen(values: list[str]) -> SeenMessage:
    row = dict(zip(_FIELDS, values, strict=True))
    transport = "udp" if row["udp.srcport"] else "tcp"
    return SeenMessage(
        time_us=_micros(row["frame.time_epoch"]),
        source=(row["ip.src"] or row["ipv6.src"], int(row[f"{transport}.srcport"])),
        destination=(row["ip.dst"] or row["ipv6.dst"], int(row[f"{transport}.dstport"])),
        transport=transport,
        method=row["sip.Method"] or None,
        status=int(row["sip.Status-Code"]) if row["sip.Status-Code"] else None,
        cseq=row["sip.CSeq"],
        call_id=row["sip.Call-ID"],
        payload=row["udp.payload"],
    )


def _micros(epoch: str) -> int:
    seconds, _, fraction = epoch.partition(".")
    assert fraction[6:].strip("0") == "", epoch
    return int(seconds) * 1_000_000 + int(fraction[:6])
