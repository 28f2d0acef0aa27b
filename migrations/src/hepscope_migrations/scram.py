"""SCRAM-SHA-256 verifiers as PostgreSQL keeps them (RFC 5802, 7677), made where the password is.

The server is sent the verifier instead of the password, so that no log of statements, no
``pg_stat_statements`` and no dump of its memory holds what somebody could log in with.
"""

import base64
import hashlib
import hmac
import re
import secrets
import stringprep
import unicodedata

ITERATIONS = 4096
"""PostgreSQL's own number; every new connection of every client costs as many rounds."""

SALT_BYTES = 16

_VERIFIER = re.compile(
    r"SCRAM-SHA-256\$(\d{1,9}):([A-Za-z0-9+/=]+)\$[A-Za-z0-9+/=]+:[A-Za-z0-9+/=]+"
)
_PROHIBITED = (
    stringprep.in_table_a1,  # not assigned in Unicode 3.2, for which the profile was written
    stringprep.in_table_c12,
    stringprep.in_table_c21_c22,
    stringprep.in_table_c3,
    stringprep.in_table_c4,
    stringprep.in_table_c5,
    stringprep.in_table_c6,
    stringprep.in_table_c7,
    stringprep.in_table_c8,
    stringprep.in_table_c9,
)


def verifier(password: str, *, salt: bytes | None = None, iterations: int = ITERATIONS) -> str:
    """Return ``SCRAM-SHA-256$iterations:salt$StoredKey:ServerKey``, with a new salt if none given.

    It holds no character that a quoted string of SQL would need to escape.
    """
    salted_with = secrets.token_bytes(SALT_BYTES) if salt is None else salt
    salted = hashlib.pbkdf2_hmac("sha256", prepare(password), salted_with, iterations)
    stored = hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
    server = hmac.digest(salted, b"Server Key", "sha256")
    return f"SCRAM-SHA-256${iterations}:{_text(salted_with)}${_text(stored)}:{_text(server)}"


def matches(kept: str, password: str) -> bool:
    """Return whether a verifier is this password's; one of another kind is nobody's."""
    found = _VERIFIER.fullmatch(kept)
    if found is None:
        return False
    try:
        salt = base64.b64decode(found[2], validate=True)
    except ValueError:
        return False
    iterations = int(found[1])
    return iterations > 0 and hmac.compare_digest(
        kept, verifier(password, salt=salt, iterations=iterations)
    )


def prepare(password: str) -> bytes:
    """Return the bytes that are hashed: of SASLprep (RFC 4013), where that takes the password.

    One that it refuses is hashed as it is, which is what PostgreSQL and its clients do.
    """
    mapped = "".join(
        " " if stringprep.in_table_c12(char) else char
        for char in password
        if not stringprep.in_table_b1(char)
    )
    prepared = unicodedata.ucd_3_2_0.normalize("NFKC", mapped)
    if not prepared or _is_prohibited(prepared) or _mixes_directions(prepared):
        prepared = password
    return prepared.encode()


def _is_prohibited(text: str) -> bool:
    return any(is_in(char) for char in text for is_in in _PROHIBITED)


def _mixes_directions(text: str) -> bool:
    """Whether right-to-left text holds left-to-right letters, or does not begin and end so."""
    leftward = [stringprep.in_table_d1(char) for char in text]
    if not any(leftward):
        return False
    return any(map(stringprep.in_table_d2, text)) or not (leftward[0] and leftward[-1])


def _text(value: bytes) -> str:
    return base64.b64encode(value).decode()
