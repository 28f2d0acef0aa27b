"""A page of a list: from the query to the place where the last page ended, and back."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from hepscope_query_api.query.cursor import Cursor, decode_cursor, digest_of, encode_cursor
from hepscope_query_api.query.period import Period


class Paged(Protocol):
    """Parameters of a list, as far as paging goes."""

    @property
    def cursor(self) -> str | None:
        """Where the page before ended."""
        ...

    def model_dump(self, *, mode: str) -> dict[str, object]:
        """Return all parameters by name."""
        ...


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page begins, and all that its cursor must hold."""

    period: Period
    after: Cursor | None
    digest: str

    def cursor(self, key: tuple[int | str, ...] | None) -> str | None:
        """Return the cursor of the page that follows an item; None after the last page."""
        if key is None:
            return None
        return encode_cursor(Cursor(self.period.start_us, self.period.end_us, key), self.digest)


def place_of(path: str, query: Paged, shape: Sequence[type], period: Callable[[], Period]) -> Place:
    """Return where a list begins: at its cursor, else at the range that the query asks for."""
    digest = digest_of(path, query.model_dump(mode="json"))
    if query.cursor is None:
        return Place(period(), None, digest)
    after = decode_cursor(query.cursor, digest, shape)
    return Place(Period(after.start_us, after.end_us), after, digest)
