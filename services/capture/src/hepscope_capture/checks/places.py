"""Looking at what lies on this machine: spool, files, addresses to listen at."""

import os
import shutil
import socket
from collections.abc import Iterator
from glob import glob
from pathlib import Path

from hepscope_capture.checks.finding import Finding, Level, why
from hepscope_capture.files.errors import NotACaptureError
from hepscope_capture.files.source import STDIN, check
from hepscope_capture.inputs.binding import bind
from hepscope_capture.inputs.input import InputError
from hepscope_capture.inputs.plans import needs_certificate
from hepscope_capture.settings.plans import spool_root
from hepscope_capture.settings.settings import Settings

_MB = 1024 * 1024
_USED = "it may be in use by the agent that runs"


def check_places(settings: Settings) -> Iterator[Finding]:
    """Yield what is found of everything that the settings name."""
    if settings["send"] and not settings["read"]:
        yield _check_spool(settings)
    for name in settings["read"]:
        if name != STDIN:
            yield _check_capture(name)
    yield from (_check_directory(path) for path in settings["watch"] if str(path) != STDIN)
    for pattern in settings["logs_files"]:
        yield _check_log(pattern)
    yield from _check_listeners(settings)


def _check_spool(settings: Settings) -> Finding:
    root = spool_root(settings)
    if root is None:
        text = "off: what a dead server does not take waits in memory only"
        return Finding(Level.WARN, "spool", text)
    place = root
    # Unlike Path.exists, false for what stands in a directory that may not be looked into.
    while not os.path.exists(place) and place != place.parent:  # noqa: PTH110
        place = place.parent
    about = f"spool {root}"
    if not (place.is_dir() and os.access(place, os.W_OK | os.X_OK, effective_ids=True)):
        return Finding(Level.FAIL, about, f"{place} cannot be written: --spool-dir names another")
    free_mb = shutil.disk_usage(place).free // _MB
    wanted = settings["spool_mb"] * max(len(settings["send"]), 1)
    if free_mb < wanted:
        return Finding(Level.WARN, about, f"{free_mb:,} MB are free of the {wanted:,} it may take")
    return Finding(Level.OK, about, f"writable, {free_mb:,} MB free")


def _check_capture(name: str) -> Finding:
    try:
        check(name)
    except (OSError, NotACaptureError) as error:
        return Finding(Level.FAIL, name, why(error))
    return Finding(Level.OK, name, "a capture")


def _check_directory(path: Path) -> Finding:
    about = f"directory {path}"
    if not path.is_dir():
        return Finding(Level.FAIL, about, "there is none")
    if not os.access(path, os.R_OK | os.X_OK):
        return Finding(Level.FAIL, about, "it cannot be read")
    return Finding(Level.OK, about, "readable")


def _check_log(pattern: str) -> Finding:
    about = f"log {pattern}"
    paths = glob(pattern)  # noqa: PTH207 - a pattern of the user, absolute or not
    if not paths:
        return Finding(Level.WARN, about, "no such file yet")
    refused = [path for path in paths if not os.access(path, os.R_OK)]
    if refused:
        return Finding(Level.FAIL, about, f"{', '.join(refused)} cannot be read")
    return Finding(Level.OK, about, f"{len(paths)} readable")


def _check_listeners(settings: Settings) -> Iterator[Finding]:
    for name, certificate in (("relay", "relay_cert"), ("logs_listen", "logs_cert")):
        listen = tuple(settings[name])
        if needs_certificate(listen) and not settings[certificate]:
            text = f"tls:// needs --{certificate.replace('_', '-')}"
            yield Finding(Level.FAIL, name.partition("_")[0], text)
        for one in listen:
            try:
                bind(one).close()
            except InputError as error:
                yield Finding(Level.WARN, name.partition("_")[0], f"{error}; {_USED}")
            else:
                yield Finding(Level.OK, name.partition("_")[0], f"{one} is free")
    if settings["ops"]:
        yield _check_ops(*settings["ops"])


def _check_ops(host: str, port: int) -> Finding:
    about = f"ops {host}:{port}"
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        socket.create_server((host, port), family=family).close()
    except OSError as error:
        return Finding(Level.WARN, about, f"{why(error)}; {_USED}")
    return Finding(Level.OK, about, "free")
