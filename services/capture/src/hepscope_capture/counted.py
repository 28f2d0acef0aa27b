"""A number with its noun, as a person writes it: ``1 file``, ``1,234 files``."""


def counted(count: int, one: str, many: str | None = None) -> str:
    """Return the count with the words for one, or those for many (by default with an s)."""
    words = one if count == 1 else many or f"{one}s"
    return f"{count:,} {words}"
