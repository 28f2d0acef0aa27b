"""What one attempt adds to the ratios of RFC 6076 and E.411: to the part and to the whole.

The ratios themselves are divided by whoever reads the counters, after adding up instances:
``sum by (kpi) (rate(hepscope_kpi_numerator_total[1h])) / sum by (kpi) (rate(...denominator...))``.
"""

from functools import lru_cache
from typing import Final

from hepscope_common.calls import kpi
from hepscope_common.calls.attempt import Attempt
from hepscope_common.calls.kpi import Ratio

KPIS: Final = ("ser", "seer", "isa", "scr", "asr", "ner", "abr", "ira")
CLAUSES: Final = "RFC 6076 4.2, 4.6-4.9; ITU-T E.411, E.425"


def shares(attempt: Attempt) -> tuple[tuple[str, Ratio], ...]:
    """Return what a settled attempt adds to each ratio that it counts for."""
    return _shares(attempt.method, attempt.status, attempt.follows_redirection)


@lru_cache(maxsize=4096)
def _shares(
    method: str, status: int | None, follows_redirection: bool
) -> tuple[tuple[str, Ratio], ...]:
    one = {status: 1}
    if method == "REGISTER":
        return (("ira", kpi.ira(one)),)
    return (
        ("ser", kpi.ser(one)),
        ("seer", kpi.seer(one)),
        ("isa", kpi.isa(one)),
        # Whether it is completed is known when its session ends.
        ("scr", kpi.scr(one, 0)),
        ("asr", kpi.asr(one)),
        ("ner", kpi.ner(one)),
        ("abr", kpi.abr(one, int(follows_redirection))),
    )
