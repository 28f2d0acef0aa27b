"""CAP_NET_RAW, raised for as long as it takes to open a socket (capabilities(7)).

A user who is not root gets it in an image or by systemd as "permitted"; it must be made
"effective" by the process itself. It is lowered again at once: a process that decodes what
strangers send should be able to do as little as possible.
"""

import ctypes
import struct
from collections.abc import Iterator
from contextlib import contextmanager

# linux/capability.h
_VERSION_3 = 0x20080522
_NET_RAW = 13
# For two words of 32 capabilities each: effective, permitted, inheritable.
_DATA = struct.Struct("=6I")


@contextmanager
def net_raw() -> Iterator[None]:
    """Have the capability where it is permitted; where it is not, nothing happens."""
    before = _get()
    effective, permitted, *others = before
    bit = 1 << _NET_RAW
    if not permitted & bit or effective & bit:
        yield
        return
    _set((effective | bit, permitted, *others))
    try:
        yield
    finally:
        _set(before)


def _header() -> ctypes.Array[ctypes.c_char]:
    return ctypes.create_string_buffer(struct.pack("=Ii", _VERSION_3, 0))


def _get() -> tuple[int, ...]:
    data = ctypes.create_string_buffer(_DATA.size)
    ctypes.CDLL(None).capget(_header(), data)
    return _DATA.unpack(data.raw[: _DATA.size])


def _set(values: tuple[int, ...]) -> None:
    """Set; refused, the socket will tell."""
    ctypes.CDLL(None).capset(_header(), ctypes.create_string_buffer(_DATA.pack(*values)))
