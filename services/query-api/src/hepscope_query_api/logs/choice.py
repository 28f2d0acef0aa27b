"""What of a Loki is looked at: which streams, and how many lines at once."""

from collections.abc import Sequence
from dataclasses import dataclass

from hepscope_query_api.logs.logql import queries


@dataclass(frozen=True, slots=True)
class Choice:
    """The settings of a Loki, as far as queries go; ``selector`` without its braces."""

    selector: str
    jobs: Sequence[str]
    limit: int

    def queries(self, keys: Sequence[str], word: str) -> list[str]:
        """Return the LogQL of a call's logs; none where it would find anything."""
        return queries(keys, word, selector=self.selector, jobs=self.jobs)
