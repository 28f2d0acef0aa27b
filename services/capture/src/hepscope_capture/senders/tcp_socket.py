"""What can be asked of a blocking TCP socket, with or without TLS over it."""

import contextlib
import fcntl
import socket
import ssl
import struct
import termios

READ_BYTES = 65_536


def unacknowledged_bytes(connected: socket.socket) -> int:
    """Return what the other machine has not acknowledged; 0 where that is not known."""
    try:
        answer = fcntl.ioctl(connected, termios.TIOCOUTQ, bytes(4))
    except OSError:
        return 0
    return int(struct.unpack("i", answer)[0])


def read_now(connected: socket.socket) -> bytes | None:
    """Return what has come, None when nothing has: of TLS, a byte may come that holds no data."""
    before = connected.gettimeout()
    connected.settimeout(0)
    try:
        return connected.recv(READ_BYTES)
    except (BlockingIOError, ssl.SSLWantReadError):
        return None
    finally:
        connected.settimeout(before)


def close_half(connected: socket.socket, tls_seconds: float) -> None:
    """Tell the server that nothing follows, a TLS server in its own words first."""
    if isinstance(connected, ssl.SSLSocket):
        connected.settimeout(tls_seconds)
        # Its answer need not come: the close of its half is what is waited for.
        with contextlib.suppress(OSError, ValueError):
            connected.unwrap()
    connected.shutdown(socket.SHUT_WR)


def has_closed(connected: socket.socket) -> bool:
    """Wait, as long as the socket's time-out, for a close; what comes instead is not for us."""
    try:
        return not connected.recv(READ_BYTES)
    except TimeoutError:
        return False
