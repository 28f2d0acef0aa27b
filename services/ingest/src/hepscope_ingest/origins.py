"""Which web pages may send: the origins (RFC 6454) of the sites that a setting names.

A browser sends for any page that its user looks at, also to addresses that only he can reach, and
says which page it is in the header ``Origin``; a page cannot change that. Other clients have none.
"""

import re
from typing import Annotated

from pydantic import BeforeValidator

_ORIGIN = re.compile(r"https?://(?:[a-z0-9._-]+|\[[0-9a-f:]+\])(?::\d{1,5})?")
_USUAL_PORT = {"http": ":80", "https": ":443"}


def parse_origin(value: object) -> object:
    """Return an origin as browsers write it; raises ValueError that says what is wrong."""
    if not isinstance(value, str):
        return value
    origin = value.lower().removesuffix("/")
    if not _ORIGIN.fullmatch(origin):
        raise ValueError(f"expected https://host or https://host:port, not {value!r}")
    return origin.removesuffix(_USUAL_PORT[origin.partition(":")[0]])


Origin = Annotated[str, BeforeValidator(parse_origin)]
