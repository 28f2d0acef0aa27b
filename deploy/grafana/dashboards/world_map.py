"""hepscope: map: from which countries calls and registrations come."""

from typing import Final

from dashboards.board import Board, Row
from dashboards.maps import world
from dashboards.panels import BLUE, GREEN, PER_SECOND, PERCENT, RED, YELLOW, graph, rows
from dashboards.queries import Query
from dashboards.variables import choice, metrics, of_label
from dashboards.views import RATE

SETTLED: Final = "hepscope_country_attempts_settled_total"


def _count(*conditions: str) -> str:
    """Return how many attempts ended in the time range, by country."""
    chosen = ", ".join(('method=~"$method"', 'country=~"$country"', *conditions))
    return f"sum by (country) (increase({SETTLED}{{{chosen}}}[$__range]))"


def _share(condition: str) -> str:
    return f"({_count(condition)} or 0 * {_count()}) / ({_count()} > 0)"


def board() -> Board:
    """Return the dashboard."""
    failed = _share('outcome=~"failed|timeout|challenged"')
    return Board(
        uid="hepscope-map",
        title="hepscope: map",
        description="From which countries attempts come, by the address that sent them first. Needs"
        " a file of countries (metrics.geoip_file) that you supply; without it all is empty.",
        variables=[
            metrics(),
            choice("method", "method", ("INVITE", "REGISTER"), "INVITE"),
            of_label("country", "country", SETTLED, "countries (ISO 3166-1)"),
        ],
        rows=[
            Row(
                "In this time range",
                [
                    world("Attempts by country", "How many, by the sender's address. A large circle"
                          " where you have no customers: fraud or a scanner.", "short",
                          Query(_count(), is_instant=True), steps=((None, BLUE),)),
                    world("Failures by country", "Share that failed, was never answered, or gave up"
                          " when challenged. Red and large where you have no customers: somebody"
                          " guesses passwords.", PERCENT, Query(failed, is_instant=True),
                          steps=((None, GREEN), (0.3, YELLOW), (0.7, RED))),
                    rows("Countries", "unknown: private addresses, and those that the file does not"
                         " know.", Query(_count(), is_instant=True),
                         Query(failed, is_instant=True),
                         names={"Value #A": "Attempts", "Value #B": "Failed"},
                         units={"Attempts": "short", "Failed": PERCENT}),
                ],
            ),
            Row(
                "Over time",
                [
                    graph("Attempts by country", "The ten countries with most. A new one that rises"
                          " at night deserves a look in call search.", PER_SECOND,
                          Query("topk(10, sum by (country)"
                                f' (rate({SETTLED}{{method=~"$method", country=~"$country"}}'
                                f"[{RATE}])))", "{{country}}"), is_stacked=True),
                    graph("By outcome", "Of the countries chosen above.", PER_SECOND,
                          Query("sum by (outcome)"
                                f' (rate({SETTLED}{{method=~"$method", country=~"$country"}}'
                                f"[{RATE}]))", "{{outcome}}"), is_stacked=True),
                ],
            ),
        ],
        since="now-24h",
    )  # fmt: skip
