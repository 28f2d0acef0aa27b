"""Pure codecs of VoIP monitoring: HEP 1, 2 and 3, SIP and SDP.

Bytes in, values out: no I/O, no clock, no logging, the standard library only.
"""

from hep.acknowledgement import encode_ack, encode_hello, is_hello
from hep.admission import Admitted, admit
from hep.datagram import decode, hide_key
from hep.encoding import encode3
from hep.errors import DecodeError, EncodeError, Reason
from hep.framing import StreamDecoder, scan
from hep.hep3 import decode3
from hep.hep12 import decode12, encode1, encode2
from hep.packet import HepPacket, Quirk
from hep.routing import partition_of, routing_key_of

__all__ = [
    "Admitted",
    "DecodeError",
    "EncodeError",
    "HepPacket",
    "Quirk",
    "Reason",
    "StreamDecoder",
    "admit",
    "decode",
    "decode3",
    "decode12",
    "encode1",
    "encode2",
    "encode3",
    "encode_ack",
    "encode_hello",
    "hide_key",
    "is_hello",
    "partition_of",
    "routing_key_of",
    "scan",
]
