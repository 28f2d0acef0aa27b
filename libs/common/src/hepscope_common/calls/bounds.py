"""Bounds of the text that call records keep.

An index entry above 2.7 kB is an error that stops a whole batch, so every text that may be
indexed is cut first, always in the same way, or a cut value would not be found again.
"""

import re
from hashlib import blake2b

USER_CHARS = 256  # user parts and domains; a DNS name has at most 255
AGENT_CHARS = 512  # User-Agent and Server
REASON_CHARS = 256
CONTACT_CHARS = 1024  # several contacts may stand in one; not indexed
METHOD_CHARS = 32  # the longest registered method has 9
TOKEN_CHARS = 1024  # tags and branches, where messages are told apart by them in memory

CALL_ID_BYTES = 512
CALL_ID_KEPT_BYTES = 480  # leaves room for the mark and the hash below 512
_CHARS_NEVER_TOO_LONG = CALL_ID_BYTES // 4  # a character has at most 4 bytes in UTF-8
_HASH_BYTES = 8
_DIGEST = re.compile("[0-9a-f]{16}")


def stored_call_id(text: str) -> str:
    """Return the Call-ID as it is stored: unchanged up to 512 bytes of UTF-8.

    A longer one becomes its first 480 bytes, "…" and 16 hexadecimal digits of a hash of the
    whole, so that two long ones with one beginning stay apart. Whoever looks a Call-ID up has
    to pass it through here.
    """
    if len(text) <= _CHARS_NEVER_TOO_LONG:
        return text
    encoded = text.encode("utf-8", "surrogatepass")
    if len(encoded) <= CALL_ID_BYTES:
        return text
    kept = encoded[:CALL_ID_KEPT_BYTES].decode("utf-8", "ignore")
    return f"{kept}…{blake2b(encoded, digest_size=_HASH_BYTES).hexdigest()}"


def is_cut_call_id(stored: str) -> bool:
    """Return whether a stored Call-ID is what became of one that was too long."""
    kept, mark, digest = stored.rpartition("…")
    # A character that did not fit whole was left out: three bytes at most.
    fits = len(kept.encode("utf-8", "surrogatepass")) >= CALL_ID_KEPT_BYTES - 3
    return bool(mark) and fits and _DIGEST.fullmatch(digest) is not None
