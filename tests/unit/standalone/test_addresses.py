"""Addresses are tried before a start does anything else."""

import asyncio
import os
import socket
from pathlib import Path

import pytest

from hepscope_common.runtime import StartupError, Supervisor
from hepscope_common.settings import Listen, load
from hepscope_standalone.addresses import check_addresses
from hepscope_standalone.composition import Standalone
from hepscope_standalone.postgres.lock import DirectoryLock
from hepscope_standalone.settings import StandaloneSettings

SETTINGS = {
    "HEPSCOPE_API__LISTEN": (socket.SOCK_STREAM, "page and API"),
    "HEPSCOPE_METRICS__LISTEN": (socket.SOCK_STREAM, "metrics"),
    "HEPSCOPE_INGEST__UDP": (socket.SOCK_DGRAM, "HEP over UDP (ingest.udp)"),
    "HEPSCOPE_INGEST__TCP": (socket.SOCK_STREAM, "HEP over TCP (ingest.tcp)"),
    "HEPSCOPE_INGEST__TLS": (socket.SOCK_STREAM, "HEP over TLS (ingest.tls)"),
    "HEPSCOPE_INGEST__HTTP": (socket.SOCK_STREAM, "HEP over HTTP (ingest.http)"),
}
FREE = dict.fromkeys(SETTINGS, "127.0.0.1:0,[::]:0")


def settings_of(data_dir: Path, **changes: str) -> StandaloneSettings:
    """Return settings that listen at free ports but where changed."""
    environ = {**FREE, "HEPSCOPE_DATA_DIR": str(data_dir), **changes}
    return load(StandaloneSettings, environ=environ)


async def start(settings: StandaloneSettings) -> None:
    """Begin with what starts first."""
    await anext(aiter(Standalone(settings, Supervisor()).components()))


@pytest.mark.parametrize("name", SETTINGS)
@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_an_address_in_use_is_told_before_anything_is_made(
    tmp_path: Path, name: str, host: str
) -> None:
    """One line that names what wanted it; the data directory does not even exist."""
    kind, what = SETTINGS[name]
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, kind) as taken:
        try:
            taken.bind((host, 0))
        except OSError as error:
            pytest.skip(f"this machine has no {host}: {error}")
        if kind == socket.SOCK_STREAM:
            taken.listen()
        listen = Listen(host=host, port=taken.getsockname()[1])
        settings = settings_of(tmp_path / "data", **{name: str(listen)})
        with pytest.raises(StartupError) as refused:
            asyncio.run(start(settings))

    assert str(refused.value) == f"{what}: cannot listen at {listen}: Address already in use"
    assert list(tmp_path.iterdir()) == []


def test_free_addresses_stay_free(tmp_path: Path) -> None:
    """The listeners come for them later; port 0 and all addresses of both families are fine."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    settings = settings_of(tmp_path, HEPSCOPE_API__LISTEN=f"127.0.0.1:{port}")
    for _ in range(2):
        check_addresses(settings, tmp_path)
    with socket.create_server(("127.0.0.1", port)):
        pass


def test_two_of_ours_at_one_address_are_told_too(tmp_path: Path) -> None:
    """HEP over UDP and over TCP may share a number, nothing else may."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
    both = settings_of(tmp_path, HEPSCOPE_INGEST__UDP=address, HEPSCOPE_INGEST__TCP=address)
    check_addresses(both, tmp_path)
    same = settings_of(tmp_path, HEPSCOPE_API__LISTEN=address, HEPSCOPE_METRICS__LISTEN=address)
    with pytest.raises(StartupError, match=f"metrics: cannot listen at {address}: "):
        check_addresses(same, tmp_path)


def test_a_second_start_on_the_same_data_is_told_as_such(tmp_path: Path) -> None:
    """Its addresses are in use as well, but the first one is what to look at."""
    with DirectoryLock(tmp_path), socket.create_server(("127.0.0.1", 0)) as taken:
        settings = settings_of(tmp_path, HEPSCOPE_API__LISTEN=f"127.0.0.1:{taken.getsockname()[1]}")
        with pytest.raises(StartupError, match=rf"runs already on .*pid {os.getpid()}"):
            check_addresses(settings, tmp_path)
