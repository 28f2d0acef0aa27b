"""Metrics that cost an integer addition: families of plain numbers, read at scrape.

``prometheus_client`` counters take a lock per increment; hot paths count in dictionaries of
numbers instead, and a collector turns them into samples when somebody asks. Label values come
from enums or from bounded tables: a family takes at most ``max_series`` label sets, and the
rest goes to ``other``, so that hostile traffic cannot grow it.
"""

from hepscope_common.metrics.collector import PlainCollector
from hepscope_common.metrics.counter import CounterFamily
from hepscope_common.metrics.exposition import expose
from hepscope_common.metrics.family import DEFAULT_MAX_SERIES, OTHER, Family
from hepscope_common.metrics.gauge import GaugeFamily
from hepscope_common.metrics.histogram import HistogramFamily
from hepscope_common.metrics.recent import RecentFamily

__all__ = [
    "DEFAULT_MAX_SERIES",
    "OTHER",
    "CounterFamily",
    "Family",
    "GaugeFamily",
    "HistogramFamily",
    "PlainCollector",
    "RecentFamily",
    "expose",
]
