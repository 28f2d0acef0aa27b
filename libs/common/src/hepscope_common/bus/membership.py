"""Who reads what in a consumer group: the range assignor over all topics of the group.

Members get contiguous ranges of partition numbers, the same for every topic, so that
partition n of signalling and of media have one owner and a call's packets meet there.
"""

from collections.abc import Sequence


def range_assignment(members: Sequence[str], partitions: int) -> dict[str, range]:
    """Return the partition numbers of each member; the first ones get one more if uneven."""
    if not members:
        return {}
    share, extra = divmod(partitions, len(members))
    assigned: dict[str, range] = {}
    at = 0
    for index, member in enumerate(sorted(members)):
        size = share + (index < extra)
        assigned[member] = range(at, at + size)
        at += size
    return assigned
