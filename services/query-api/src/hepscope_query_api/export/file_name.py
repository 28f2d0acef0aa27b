"""Names of exported files, which every system and shell takes."""

import re
from collections.abc import Sequence
from typing import Final

NAME_CHARS: Final = 80
_UNSAFE: Final = re.compile(r"[^A-Za-z0-9_-]+")


def file_name(call_ids: Sequence[str], suffix: str) -> str:
    """Return the name of a file with these calls: that of the first, and how many more."""
    first = _UNSAFE.sub("-", call_ids[0])[:NAME_CHARS].strip("-") or "call"
    more = f"-and-{len(call_ids) - 1}-more" if len(call_ids) > 1 else ""
    return f"hepscope-{first}{more}.{suffix}"
