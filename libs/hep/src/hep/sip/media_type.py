"""The media type of a body as Content-Type names it (RFC 3261 section 20.15, RFC 2045)."""


def media_type(header: str) -> str:
    """Return a Content-Type's type/subtype in lower case without parameters and blanks."""
    if ";" in header:
        header = header.partition(";")[0]
    return header.strip(" \t\r\n").replace(" ", "").lower()
