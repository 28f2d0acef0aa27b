"""Topics of the bus and the HEP protocol types (chunk 11) that each one carries.

The version in a name changes with the partition count or the record format, never in place:
the partition of a key depends on the count, and a reader of both would see a call twice.
"""

from typing import Final

from hep.protocols import is_log, is_media

SIGNALLING: Final = "hep.signalling.v1"
MEDIA: Final = "hep.media.v1"
LOG: Final = "hep.log.v1"
DEAD_LETTER: Final = "hep.dead-letter.v1"

TOPICS: Final = (SIGNALLING, MEDIA, LOG)
"""Topics of decodable packets; all have the same number of partitions."""

_TOPIC_OF: Final = tuple(
    MEDIA if is_media(number) else LOG if is_log(number) else SIGNALLING for number in range(256)
)


def topic_of(protocol_type: int) -> str:
    """Return the topic of a HEP protocol type; whatever is neither media nor log is signalling."""
    return _TOPIC_OF[protocol_type & 0xFF]
