"""Whether a server over a stream is asked to acknowledge what it is sent."""

from enum import StrEnum


class Acks(StrEnum):
    """What is asked for, and what is done without it."""

    AUTO = "auto"  # and done without where the server gives none
    REQUIRE = "require"
    NEVER = "never"
