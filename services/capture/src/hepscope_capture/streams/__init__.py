"""Pure reassembly: from TCP segments to the SIP messages in their streams.

``Streams`` is the door: one segment in, the messages that it completes out. Each direction of a
connection has an order (``direction``) and a reader of what it carries (``sip``, ``http``,
``websocket``); a stream of something else costs a look into a table.
"""

from hepscope_capture.streams.counts import StreamCounts
from hepscope_capture.streams.limits import StreamLimits
from hepscope_capture.streams.streams import Streams

__all__ = ["StreamCounts", "StreamLimits", "Streams"]
