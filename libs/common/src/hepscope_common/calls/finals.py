"""Finals: the final response that counts, per CSeq method.

``{"INVITE": (final_key, "Busy Here"), "BYE": (final_key, "OK")}``; the greatest key wins, and
the greater reason phrase where two answers share a key. Kept per method because an answer to
CANCEL or BYE is no answer to the INVITE.
"""

from hepscope_common.calls.methods import METHOD_BITS

Final = tuple[int, str]
Finals = dict[str, Final]

# The registered methods and a few private ones; without a bound, one Call-ID with a new CSeq
# method in each message would grow its record for ever.
MAX_FINALS = 24


def merge_finals(mine: Finals, others: Finals) -> None:
    """Add the finals of ``others`` to ``mine``, in place.

    Commutative, associative and idempotent, also at the bound: which methods are kept depends
    on their names alone, the registered ones first.
    """
    for method, final in others.items():
        known = mine.get(method)
        if known is None or final > known:
            mine[method] = final
    if len(mine) > MAX_FINALS:
        for method in sorted(mine, key=_importance)[MAX_FINALS:]:
            del mine[method]


def _importance(method: str) -> tuple[bool, str]:
    return method not in METHOD_BITS, method
