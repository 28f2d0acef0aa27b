"""The ratios of RFC 6076 and E.411 as panels: what each says, and when it is bad."""

from dataclasses import dataclass
from typing import Final

from dashboards.panels import GOOD_WHEN_HIGH, GREEN, PERCENT, RED, YELLOW, Steps, graph
from dashboards.panels import PanelBuilder as Built
from dashboards.queries import Query
from dashboards.views import OVERALL, View

_SEER: Steps = ((None, RED), (0.8, YELLOW), (0.9, GREEN))
_FEW: Steps = ((None, GREEN), (0.02, YELLOW), (0.05, RED))


@dataclass(frozen=True, slots=True)
class Kpi:
    """A ratio."""

    name: str
    title: str
    text: str
    steps: Steps


KPIS: Final = (
    Kpi("ser", "SER: session establishment ratio",
        "Share of call attempts answered by a 2xx, redirected ones apart (RFC 6076 4.6). Low at"
        " night and on holidays, because nobody picks up; a sudden fall by day is a fault.",
        GOOD_WHEN_HIGH),
    Kpi("seer", "SEER: session establishment effectiveness ratio",
        "As SER, but busy, not available and declined (480, 486, 600, 603) count as success"
        " (RFC 6076 4.7): what the network did right, whatever people did. It hardly moves from"
        " day to night; a fall is the network's fault.", _SEER),
    Kpi("scr", "SCR: session completion ratio",
        "Share of call attempts that were answered and hung up in order (RFC 6076 4.9). A session"
        " counts when it ends: use 1h, and expect more than 100 % for a while after a busy time.",
        GOOD_WHEN_HIGH),
    Kpi("isa", "ISA: ineffective session attempts",
        "Share of call attempts that end in 408, 500, 503 or 504 (RFC 6076 4.8): failed by servers"
        " or the network. Above 5 % look at SIP_Error_Rates for who answers so.", _FEW),
    Kpi("asr", "ASR: answer seizure ratio",
        "Answered of all attempts (E.411), redirected ones included. What carriers speak of.",
        GOOD_WHEN_HIGH),
    Kpi("ner", "NER: network effectiveness ratio",
        "Answered, busy, no answer, cancelled or declined (2xx, 480, 486, 487, 600, 603) of all"
        " attempts (E.425). Below 90 % the network fails calls that people would have had.", _SEER),
    Kpi("abr", "ABR: answer bid ratio",
        "Answered of attempts that follow no redirection (E.411).", GOOD_WHEN_HIGH),
    Kpi("ira", "IRA: ineffective registration attempts",
        "Share of registrations that fail, challenges apart (RFC 6076 4.2). Some percent are wrong"
        " passwords in forgotten devices; a rise is the registrar, or somebody who guesses.", _FEW),
)  # fmt: skip

BY_NAME: Final = {kpi.name: kpi for kpi in KPIS}


def against_last_week(kpi: Kpi, *, span: int = 12) -> Built:
    """Return the ratio of all nodes, with that of a week ago behind."""
    return graph(
        kpi.title, kpi.text, PERCENT,
        Query(OVERALL.ratio(kpi.name), kpi.name.upper()),
        Query(OVERALL.ratio(kpi.name, offset="1w"), "a week ago"),
        span=span, steps=kpi.steps,
    )  # fmt: skip


def by(view: View, kpi: Kpi, *, span: int = 12) -> Built:
    """Return the ratio of each node or named address."""
    return graph(
        kpi.title, kpi.text, PERCENT, Query(view.ratio(kpi.name), view.legend),
        span=span, steps=kpi.steps,
    )  # fmt: skip
