"""The shape of KPIs: ratios from counted statuses, delays with their percentiles."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from hepscope_common.calls import kpi
from hepscope_common.calls.kpi import Statuses
from hepscope_query_api.schemas import Shape

RATIOS: Final = ("ser", "seer", "scr", "isa", "ira", "asr", "ner", "abr")


class RatioValue(Shape):
    """Part of a whole."""

    value: float | None
    """0 to 100, null when there is no whole."""
    numerator: int
    denominator: int


class DelayValue(Shape):
    """Times of several attempts; null where there are none."""

    count: int
    mean_ms: float | None
    p50_ms: float | None
    """The least time that half of them do not exceed."""
    p95_ms: float | None


class Kpis(Shape):
    """RFC 6076 and telephone metrics of attempts that began within a range of times."""

    ser: RatioValue
    """Session establishment ratio (RFC 6076 4.6): answered / (all - redirected)."""
    seer: RatioValue
    """Session establishment effectiveness ratio (4.7): answered, 480, 486, 600, 603 / the same."""
    scr: RatioValue
    """Session completion ratio (4.9): sessions whose BYE was answered with 2xx / all."""
    isa: RatioValue
    """Ineffective session attempts (4.8): 408, 500, 503, 504 / all."""
    ira: RatioValue
    """Ineffective registration attempts (4.2): failed / all registrations."""
    asr: RatioValue
    """Answer seizure ratio (ITU-T E.411): answered / all."""
    ner: RatioValue
    """Network effectiveness ratio (E.425): answered, 480, 486, 487, 600, 603 / all."""
    abr: RatioValue
    """Answer bid ratio (E.411): answered / those that follow no redirection."""
    rrd: DelayValue
    """Registration request delay (4.1), of successful ones."""
    srd_successful: DelayValue
    """Session request delay (4.3.1): INVITE to the first response but 100, of answered ones."""
    srd_failed: DelayValue
    """The same of failed ones (4.3.2); those without any response have none."""
    sdd_successful: DelayValue
    """Session disconnect delay (4.4): BYE to its 2xx."""
    sdd_failed: DelayValue
    """BYE to another final, or to Timer F, 32 s."""
    sdt_successful: DelayValue
    """Session duration (4.5.1): answer to BYE."""
    sdt_failed: DelayValue
    """The same to Timer F of a BYE that nobody answered (4.5.2)."""
    pdd: DelayValue
    """Post-dial delay: INVITE to the first 180, 183 with SDP, or 2xx."""
    acd: DelayValue
    """Duration of all sessions whose BYE was seen."""


class KeyedKpis(Kpis):
    """The same of one node, target or user agent."""

    key: str
    """Node; name of the target, else its `address:port`; or User-Agent."""


@dataclass(slots=True)
class Counted:
    """Attempts counted: INVITEs and REGISTERs by final status."""

    invites: dict[int | None, int] = field(default_factory=dict)
    registers: dict[int | None, int] = field(default_factory=dict)
    follow_ups: int = 0
    completed: int = 0

    def add(self, method: str, status: int | None, count: int) -> None:
        """Count attempts of a method; a hang-up without its INVITE is none."""
        if method in {"INVITE", "REGISTER"}:
            statuses = self.invites if method == "INVITE" else self.registers
            statuses[status] = statuses.get(status, 0) + count


def ratio_of(name: str, counted: Counted) -> kpi.Ratio:
    """Return one of RATIOS."""
    invites: Statuses = counted.invites
    match name:
        case "ser":
            return kpi.ser(invites)
        case "seer":
            return kpi.seer(invites)
        case "scr":
            return kpi.scr(invites, counted.completed)
        case "isa":
            return kpi.isa(invites)
        case "ira":
            return kpi.ira(counted.registers)
        case "asr":
            return kpi.asr(invites)
        case "ner":
            return kpi.ner(invites)
        case "abr":
            return kpi.abr(invites, counted.follow_ups)
    raise ValueError(f"no ratio is called {name}")


def ratio_values(counted: Counted) -> dict[str, RatioValue]:
    """Return all of RATIOS by name."""
    ratios = {name: ratio_of(name, counted) for name in RATIOS}
    return {
        name: RatioValue(
            value=ratio.percent, numerator=ratio.numerator, denominator=ratio.denominator
        )
        for name, ratio in ratios.items()
    }


def kpis_of(counted: Counted, delays: Mapping[str, DelayValue]) -> Kpis:
    """Return the KPIs of counted attempts; ``delays`` by the names of their fields."""
    return Kpis.model_validate({**ratio_values(counted), **delays})


def keyed_kpis_of(key: str, counted: Counted, delays: Mapping[str, DelayValue]) -> KeyedKpis:
    """Return the same under a key."""
    return KeyedKpis.model_validate({"key": key, **ratio_values(counted), **delays})
