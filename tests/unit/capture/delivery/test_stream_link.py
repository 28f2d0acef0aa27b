"""A connection to a plain server that closes it when it has read everything."""

import socket
from contextlib import closing

import pytest

from hepscope_capture.delivery.custody import Custody
from hepscope_capture.delivery.limits import Limits
from hepscope_capture.delivery.reach import Reached
from hepscope_capture.delivery.stream_link import StreamLink
from hepscope_capture.senders.connection import Connection
from support.clocks import FakeClock
from support.service import until
from unit.capture.delivery.hep_server import hep

_PACKETS = 3000
_SIZE = 3000


def test_a_server_that_has_read_all_when_it_closes_has_lost_nothing() -> None:
    """However much it was sent before: more than any receive buffer holds."""
    clock = FakeClock()
    custody = Custody(bytes(16), Limits())
    with (
        socket.create_server(("127.0.0.1", 0)) as listening,
        closing(Connection(socket.create_connection(listening.getsockname()))) as ours,
        listening.accept()[0] as theirs,
    ):
        link = StreamLink(Reached(connection=ours), custody, clock, stall_seconds=60.0)

        def work() -> None:
            clock.sleep(0.01)
            link.work(clock.elapsed_seconds(), is_filling=True)

        def read() -> None:
            while theirs.recv(1_000_000, socket.MSG_DONTWAIT):
                pass

        def is_read() -> bool:
            work()
            try:
                read()
            except BlockingIOError:
                return custody.kept == 0
            return False

        def is_there() -> bool:
            try:
                read()
            except BlockingIOError:
                return not ours.unacknowledged_bytes()
            return False

        custody.put([hep(number, _SIZE) for number in range(_PACKETS)], clock.elapsed_seconds())
        until(is_read, "it has the first")
        custody.put([hep(number, _SIZE) for number in range(_PACKETS)], clock.elapsed_seconds())
        work()
        assert custody.in_flight
        until(is_there, "it has what it was sent of the second")
        theirs.close()
        with pytest.raises(ConnectionResetError):
            until(work, "it has closed")
        assert link.lose() == 0
        assert custody.counts.delivered > _PACKETS
