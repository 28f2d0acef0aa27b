"""SIP methods as bits, for ``methods`` of a call record.

The registered methods (RFC 3261 and its extensions); every other one shares a bit. Positions
are stored, so they never change; a new method takes the next one.
"""

from typing import Final

METHODS: Final = (
    "INVITE",
    "ACK",
    "BYE",
    "CANCEL",
    "OPTIONS",
    "REGISTER",
    "PRACK",
    "UPDATE",
    "INFO",
    "REFER",
    "MESSAGE",
    "SUBSCRIBE",
    "NOTIFY",
    "PUBLISH",
)
METHOD_BITS: Final = {method: 1 << position for position, method in enumerate(METHODS)}
OTHER_METHOD_BIT: Final = 1 << 30  # the highest bit of a positive SQL integer


def method_bit(method: str) -> int:
    """Return the bit of a method; "" has none."""
    return METHOD_BITS.get(method, OTHER_METHOD_BIT) if method else 0
