"""Finding the packets that the database refuses, so that all others are stored.

A batch is halved until each bad packet stands alone. Halves are only rehearsed: a position
covers whole records, so storing a half would either skip packets or store them twice after a
crash. A bad packet costs about twice the batch; many of them mean that not the packets are bad.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from hepscope_common.store.verdicts import Verdict, verdict_of


@dataclass(frozen=True, slots=True)
class PacketAt:
    """A packet of a batch: index of its record in the batch, its own index in the record."""

    record: int
    index: int


class TooMuchPoisonError(Exception):
    """More packets are refused than bad packets can explain: a table or this code is wrong."""


async def find_poison(
    packets: Sequence[PacketAt],
    rehearse: Callable[[Sequence[PacketAt]], Awaitable[None]],
    *,
    limit: int,
) -> dict[PacketAt, str]:
    """Return the packets refused even alone, each with the SQLSTATE.

    Raises TooMuchPoisonError when there are more than ``limit``, and what ``rehearse`` raises
    for other reasons than the data.
    """
    found: dict[PacketAt, str] = {}
    suspects = [packets]
    while suspects:
        part = suspects.pop()
        state = await _refused(part, rehearse)
        if state is None:
            continue
        if len(part) > 1:
            middle = len(part) // 2
            suspects += [part[middle:], part[:middle]]
            continue
        found[part[0]] = state
        if len(found) > limit:
            raise TooMuchPoisonError(f"over {limit} packets refused, the last with {state}")
    return found


async def _refused(
    part: Sequence[PacketAt], rehearse: Callable[[Sequence[PacketAt]], Awaitable[None]]
) -> str | None:
    if not part:
        return None
    try:
        await rehearse(part)
    except Exception as error:
        if verdict_of(error) is not Verdict.POISON:
            raise
        return getattr(error, "sqlstate", None) or "unknown"
    return None
