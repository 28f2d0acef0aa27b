"""Final statuses as label values: the registered codes (RFC 3261 and the IANA registry)."""

from typing import Final

from hepscope_common.metrics import OTHER

NO_FINAL: Final = "none"
"""Of an attempt that was never answered."""

REGISTERED: Final = (
    100, 180, 181, 182, 183, 199,
    200, 202, 204,
    300, 301, 302, 305, 380,
    400, 401, 402, 403, 404, 405, 406, 407, 408, 410, 412, 413, 414, 415, 416, 417, 420, 421, 422,
    423, 424, 425, 428, 429, 430, 433, 436, 437, 438, 439, 440, 469, 470, 480, 481, 482, 483, 484,
    485, 486, 487, 488, 489, 491, 493, 494,
    500, 501, 502, 503, 504, 505, 513, 555, 580,
    600, 603, 604, 606, 607, 608,
)  # fmt: skip

_TEXTS: Final = {code: str(code) for code in REGISTERED}


def status_label(status: int | None) -> str:
    """Return the code as text if it is registered, ``none`` without one, else ``other``."""
    return NO_FINAL if status is None else _TEXTS.get(status, OTHER)
