"""What became of TCP segments, since the start: plain ints, because they are counted one by one."""

from dataclasses import dataclass


@dataclass(slots=True)
class StreamCounts:
    """Each field is a line of the summary and a counter of the metrics."""

    segments: int = 0  # all that came, empty ones included
    messages: int = 0  # SIP messages that came out
    cut_messages: int = 0  # of these, without the end that the capture cut off
    keepalives: int = 0  # of RFC 5626: segments or WebSocket messages of line ends only
    opened: int = 0  # directions whose SYN was seen
    joined_late: int = 0  # directions that were running when first seen

    reordered: int = 0  # segments held until an earlier one came
    retransmitted_bytes: int = 0  # seen before
    overlapping_bytes: int = 0  # seen before, in a segment that also had new bytes
    gaps: int = 0  # places where bytes are missing for good
    missing_bytes: int = 0  # in them; not the capture's length of frames
    incomplete: int = 0  # messages that began and never ended
    too_long: int = 0  # messages longer than the bound
    skipped_bytes: int = 0  # that belong to no message that came out

    foreign_segments: int = 0  # of streams that are not SIP
    tls_streams: int = 0  # directions taken for TLS
    http_streams: int = 0  # directions taken for HTTP without WebSocket
    json_streams: int = 0  # directions taken for JSON-RPC
    other_streams: int = 0  # directions in which no SIP was found

    websocket_streams: int = 0  # directions
    websocket_frames: int = 0
    websocket_control_frames: int = 0  # ping, pong, close
    websocket_deflated: int = 0  # messages that were inflated
    websocket_undeflatable: int = 0  # compressed with history that was not seen
    websocket_other: int = 0  # messages that are not SIP

    forgotten_idle: int = 0  # directions
    evicted_directions: int = 0  # for want of room in the table
    evicted_bytes: int = 0  # held, for want of room
