"""Codecs of calls, from the session descriptions seen on the bus, for reports that name none.

The newest description of a Call-ID counts: an answer's first format is what was agreed on. It is
kept as it came and read when a report asks, since most calls never have one. Bounded in bytes, the
oldest go first.
"""

from collections import OrderedDict
from typing import Final

from hep.media import codecs
from hep.media.codecs import CodecFigures
from hep.sdp import parse
from hep.sip import SipMessage, sdp_of
from hepscope_common.calls.bounds import stored_call_id

MAX_SDP_BYTES: Final = 4096
"""Of one description; what names the codecs stands at its beginning."""

OVERHEAD_BYTES: Final = 400
"""What an entry weighs beside its text, with a usual Call-ID; the longest has 512 bytes."""


class SdpMemory:
    """The last description of each call."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._bytes = 0
        self._bodies: OrderedDict[str, bytes] = OrderedDict()

    def __len__(self) -> int:
        """Return how many calls are remembered."""
        return len(self._bodies)

    def note(self, message: SipMessage) -> None:
        """Remember what a message that may carry a description says."""
        body = sdp_of(message)
        if body is None:
            return
        body = body[:MAX_SDP_BYTES]
        call_id = stored_call_id(message.call_id)
        before = self._bodies.pop(call_id, None)
        if before is not None:
            self._bytes -= len(before) + OVERHEAD_BYTES
        self._bodies[call_id] = body
        self._bytes += len(body) + OVERHEAD_BYTES
        while self._bytes > self._max_bytes:
            _, oldest = self._bodies.popitem(last=False)
            self._bytes -= len(oldest) + OVERHEAD_BYTES

    def find(self, call_id: str, payload_type: int | None) -> CodecFigures | None:
        """Return the codec of a payload type, else the first of the first live audio stream."""
        body = self._bodies.get(stored_call_id(call_id))
        if body is None:
            return None
        streams = [media for media in parse(body).media if media.kind == "audio"]
        live = [media for media in streams if not media.is_rejected] or streams
        for media in live:
            said = media.codecs.get(payload_type) if payload_type is not None else None
            if said is not None:
                return codecs.by_name(said.name)
        if payload_type is not None or not live:
            return None
        first = next(iter(live[0].codecs.values()), None)
        return None if first is None else codecs.by_name(first.name)
