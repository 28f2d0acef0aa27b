"""A bell between threads: who waits for sockets hears it as one more socket."""

import contextlib
import socket


class Bell:
    """Rung by any thread, heard by one."""

    def __init__(self) -> None:
        self.socket, self._rope = socket.socketpair()
        self.socket.setblocking(False)
        self._rope.setblocking(False)
        self._is_rung = False

    def ring(self) -> None:
        """Make ``socket`` readable; once is enough until it is silenced. Closed, it is mute."""
        if not self._is_rung:
            self._is_rung = True
            with contextlib.suppress(OSError):
                self._rope.send(b"\0")

    def silence(self) -> None:
        """Have it ready to be rung; whatever it was rung for must be looked at afterwards."""
        try:
            self.socket.recv(64)
        except BlockingIOError:
            return
        # Behind reading: a ring between the two is for something that is looked at next anyway.
        self._is_rung = False

    def close(self) -> None:
        """Free the sockets."""
        self.socket.close()
        self._rope.close()
