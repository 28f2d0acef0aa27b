"""Events of attempts become metrics: in each of the three views, and by country."""

from collections.abc import Iterable

from hepscope_common.calls.folding import Event, EventKind
from hepscope_common.metrics import CounterFamily, Family
from hepscope_common.names import Names
from hepscope_metrics_exporter.attempt_families import AttemptFamilies
from hepscope_metrics_exporter.countries import Countries
from hepscope_metrics_exporter.heplify_messages import HeplifyMessages

COUNTRIES_AND_OUTCOMES = 3000
"""250 countries by method and outcome."""


class AttemptCounter:
    """Counts what happened to attempts: of all nodes, of a node, from and to a named address."""

    def __init__(
        self,
        names: Names,
        heplify: HeplifyMessages | None,
        countries: Countries,
        *,
        max_nodes: int,
        max_names: int,
    ) -> None:
        self._names = names
        self._heplify = heplify
        self._countries = countries
        self.by_country = CounterFamily(
            "hepscope_country_attempts_settled_total",
            "Attempts whose final is certain, by the country of the address that sent them (the hop"
            " seen first), method and outcome. Empty without metrics.geoip_file.",
            ("country", "method", "outcome"),
            max_series=COUNTRIES_AND_OUTCOMES,
            clause="RFC 6076 4",
        )
        self._all = AttemptFamilies("hepscope_", "", (), max_keys=1)
        self._nodes = AttemptFamilies(
            "hepscope_node_", ", as a node saw them", ("node",), max_keys=max_nodes + 1
        )
        self._targets = AttemptFamilies(
            "hepscope_target_",
            ", from (src) and to (dst) a named address",
            ("target", "direction"),
            max_keys=2 * max_names,
        )

    @property
    def families(self) -> list[Family]:
        """Everything that is exposed."""
        return [
            *self._all.families,
            *self._nodes.families,
            *self._targets.families,
            self.by_country,
        ]

    def count(self, events: Iterable[Event]) -> None:
        """Count events of attempts, which a scope tells to be a node's or everybody's."""
        for event in events:
            attempt = event.attempt
            if attempt.node:
                self._nodes.count(event, (attempt.node,))
                if self._heplify is not None:
                    self._heplify.attempt(event)
                continue
            self._all.count(event)
            if event.kind is EventKind.SETTLED and self._countries.is_known:
                country = self._countries.code(attempt.source)
                self.by_country.add((country, attempt.method, attempt.outcome.value))
            lookup = self._names.lookup
            name = lookup(attempt.source, attempt.source_port)
            if name is not None:
                self._targets.count(event, (name, "src"))
            name = lookup(attempt.destination, attempt.destination_port)
            if name is not None:
                self._targets.count(event, (name, "dst"))
