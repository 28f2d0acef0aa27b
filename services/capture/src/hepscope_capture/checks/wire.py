"""Looking at the interfaces: may we capture, is the filter one, and does anything pass it?"""

import time
from collections.abc import Iterator

from hepscope_capture.checks.finding import Finding, Level, why
from hepscope_capture.live.filters import Filters
from hepscope_capture.live.interface import is_up
from hepscope_capture.live.packet_socket import (
    ANY,
    NEEDED,
    NotPermittedError,
    Options,
    PacketSocket,
)
from hepscope_capture.live_cli import plan_of
from hepscope_capture.settings.settings import Settings

LISTEN_SECONDS = 2.0
"""How long traffic is waited for."""

_BLOCKS = 2


def check_wire(settings: Settings, *, seconds: float = LISTEN_SECONDS) -> Iterator[Finding]:
    """Yield what is found of the filter and of each interface."""
    if not settings["interface"]:
        return
    try:
        program = Filters(plan_of(settings), time.monotonic()).program
    except ValueError as error:
        yield Finding(Level.FAIL, "filter", str(error))
        return
    yield Finding(Level.OK, "filter", f"{len(program) // 8} instructions")
    options = Options(program, _BLOCKS, settings["promiscuous"])
    found = [(name, _opened(name, options)) for name in dict.fromkeys(settings["interface"])]
    if any(not isinstance(one, Finding) for _, one in found):
        time.sleep(seconds)
    for name, one in found:
        yield one if isinstance(one, Finding) else _heard(name, one, seconds)


def _opened(name: str, options: Options) -> PacketSocket | Finding:
    about = f"interface {name}"
    try:
        return PacketSocket(name, options)
    except NotPermittedError:
        return Finding(Level.FAIL, about, NEEDED)
    except OSError as error:
        return Finding(Level.FAIL, about, why(error))


def _heard(name: str, socket: PacketSocket, seconds: float) -> Finding:
    packets = socket.take_statistics().packets
    socket.close()
    about = f"interface {name}"
    if name != ANY and not is_up(name):
        return Finding(Level.WARN, about, "it is down")
    if not packets:
        text = f"in {seconds:g} s nothing passed the filter: no calls now, or no mirror to here"
        return Finding(Level.WARN, about, text)
    return Finding(Level.OK, about, f"{packets:,} packets passed the filter in {seconds:g} s")
