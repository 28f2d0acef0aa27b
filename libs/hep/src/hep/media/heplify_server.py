"""X-RTP-Stat as heplify-server rates it, for metrics under its names; not the E-model.

Kept as it is, whole numbers included, so that existing dashboards show what they showed: the loss
in percent is cut to an integer, jitter and delay are integers too. Not kept is its division by
zero for a PR and PS that add up to nothing; the loss is then 0.
"""

from typing import NamedTuple

_KEY_ENDS = (";", " ", "\r", "\n")
_MAX_DIGITS = 18


class XrtpValues(NamedTuple):
    """Values of heplify_xrtp_*; None where heplify-server leaves the gauge alone."""

    call_setup_s: float | None
    lost_received: int | None
    lost_sent: int | None
    jitter_received: int | None
    jitter_sent: int | None
    delay: int | None
    mos: float


def rate_x_rtp_stat(value: str) -> XrtpValues:
    """The values of a header; without any of its keys the MOS is that of a clean call."""
    setup = _float(_said(value, "CS="))
    losses = _integers(_said(value, "PL="), 2)
    jitters = _integers(_said(value, "JI="), 2)
    delays = _integers(_said(value, "DL="), 3)
    received, sent = _integer(_said(value, "PR=")) or 0, _integer(_said(value, "PS=")) or 0
    if received == 0 and sent == 0:
        received = sent = 1
    lost = (losses[0] or 0) + (losses[1] or 0)
    mos = _mos(jitters[0] or 0, delays[0] or 0, _loss_percent(lost, received + sent))
    return XrtpValues(
        None if setup is None else setup / 1000, *losses, *jitters, delay=delays[0], mos=mos
    )


def _said(value: str, key: str) -> str:
    """What follows the first occurrence of the key, up to a blank, `;` or the line's end."""
    _, _, rest = value.partition(key)
    for end in _KEY_ENDS:
        rest = rest.partition(end)[0]
    return rest


def _float(text: str) -> float | None:
    try:
        read = float(text)
    except ValueError:
        return None
    return read if abs(read) < 1e18 else None


def _integer(text: str) -> int | None:
    digits = text[1:] if text[:1] in ("-", "+") else text
    if not digits.isascii() or not digits.isdigit() or len(digits) > _MAX_DIGITS:
        return None
    return int(text)


def _integers(text: str, wanted: int) -> tuple[int | None, int | None]:
    """The first two of a list that must have as many values as wanted."""
    pieces = text.split(",")
    if len(pieces) != wanted:
        return None, None
    return _integer(pieces[0]), _integer(pieces[1])


def _loss_percent(lost: int, packets: int) -> int:
    """Cut towards zero, as Go divides."""
    if packets == 0:
        return 0
    percent = abs(lost * 100) // abs(packets)
    return percent if lost * packets >= 0 else -percent


def _mos(jitter: int, delay: int, loss_percent: int) -> float:
    latency = 2 * jitter + delay + 10
    r = 93.2 - latency / 40 if latency < 160 else 93.2 - (latency - 120) / 10
    r -= 2.5 * loss_percent
    mos = 1 + 0.035 * r + 0.000007 * r * (r - 60) * (100 - r)
    return mos if 1 <= mos <= 5 else 1.0
