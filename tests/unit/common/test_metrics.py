"""Plain counts become samples at scrape, within a bound of series."""

from prometheus_client import CollectorRegistry, generate_latest

from hepscope_common.metrics import CounterFamily, GaugeFamily, PlainCollector


def test_known_series_are_visible_at_zero() -> None:
    """A rate over a counter needs its zero."""
    registry = CollectorRegistry()
    PlainCollector(registry, [CounterFamily("x_total", "X.", ("reason",), known=[("bad",)])])
    assert registry.get_sample_value("x_total", {"reason": "bad"}) == 0


def test_counts_add_up() -> None:
    """Each label set counts for itself; a family without labels has one count."""
    registry = CollectorRegistry()
    labelled = CounterFamily("x_total", "X.", ("reason",))
    bare = CounterFamily("y_total", "Y.")
    PlainCollector(registry, [labelled, bare])
    labelled.add(("a",))
    labelled.add(("a",), 2)
    bare.add()
    assert registry.get_sample_value("x_total", {"reason": "a"}) == 3
    assert registry.get_sample_value("y_total") == 1


def test_a_full_family_counts_the_rest_as_other() -> None:
    """Hostile label values cannot grow the exposition."""
    family = CounterFamily("x_total", "X.", ("node", "type"), max_series=2)
    for number in range(100):
        family.add((f"node{number}", "sip"))
    assert len(family.counts) == 3
    assert family.counts["other", "other"] == 98


def test_a_gauge_is_read_at_scrape() -> None:
    """Its value is asked for, never kept."""
    registry = CollectorRegistry()
    depth = [1.0]
    PlainCollector(registry, [GaugeFamily("g", "G.", lambda: [(("a",), depth[0])], ("q",))])
    depth[0] = 7.0
    assert registry.get_sample_value("g", {"q": "a"}) == 7
    assert b"# HELP g G." in generate_latest(registry)
