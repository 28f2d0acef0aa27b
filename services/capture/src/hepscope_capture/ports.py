"""Port lists as people write them: ``5060``, ``5060,5080``, ``5060-5090,6000``."""


def parse_ports(text: str) -> frozenset[int]:
    """Return the ports of a comma list of ports and ranges, both ends included.

    Raises ValueError, with a line for the user, on anything else, also on an empty list.
    """
    ports: set[int] = set()
    for item in text.split(","):
        first, dash, last = item.strip().partition("-")
        low = _port(first, item)
        high = _port(last, item) if dash else low
        if high < low:
            raise ValueError(f"{item.strip()!r} ends before it starts")
        ports.update(range(low, high + 1))
    return frozenset(ports)


def _port(text: str, item: str) -> int:
    digits = text.strip()
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 5 and int(digits) <= 65_535):
        raise ValueError(f"{item.strip()!r} is no port (0-65535) and no range like 5060-5090")
    return int(digits)
