"""Who reads a stream in which no SIP message was found yet, if that can be told."""

from hepscope_capture.streams.counts import StreamCounts
from hepscope_capture.streams.foreign import ForeignReader, Protocol, recognise
from hepscope_capture.streams.frames import FIRST_BYTES, HEAD_BYTES, find_sip, opens_sip
from hepscope_capture.streams.http import HttpReader
from hepscope_capture.streams.limits import StreamLimits
from hepscope_capture.streams.reader import Reader
from hepscope_capture.streams.websocket import WebSocketReader


def other_reader(
    data: bytes | bytearray,
    at: int,
    counts: StreamCounts,
    limits: StreamLimits,
    *,
    is_beginning: bool = False,
) -> Reader | None:
    """Return the reader of what certainly begins here, None when it may be anything."""
    protocol = recognise(data, at, is_beginning=is_beginning)
    if protocol is Protocol.HTTP:
        return HttpReader(counts, limits)
    if protocol is not None:
        return ForeignReader(protocol)
    if data[at] in FIRST_BYTES and opens_sip(data, at):
        return websocket_reader(counts, limits)
    return None


def find_frame(data: bytes | bytearray, floor: int, start: int) -> int:
    """Return where the frame of WebSocket begins in which a start line stands, -1 without one."""
    return find_sip(data, max(floor, start - HEAD_BYTES), start + HEAD_BYTES)


def websocket_reader(counts: StreamCounts, limits: StreamLimits) -> WebSocketReader:
    """Return the reader of a WebSocket whose handshake was not seen."""
    counts.websocket_streams += 1
    return WebSocketReader(counts, limits)
