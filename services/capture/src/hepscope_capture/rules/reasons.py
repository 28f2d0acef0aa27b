"""Why a message is not sent."""

from enum import StrEnum


class Reason(StrEnum):
    """The closed set of reasons; each is counted by itself."""

    ADDRESS = "address"
    PORT = "port"
    METHOD = "method"
    SAMPLED = "sampled"
    """One of the OPTIONS that the sample leaves out."""
    USER = "user"
    PAYLOAD = "payload"
    DUPLICATE = "duplicate"
    RATE_LIMIT = "rate_limit"
    RATE_LIMIT_SOURCE = "rate_limit_source"
