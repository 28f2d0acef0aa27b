"""Parties: the distinct users that searches by part of a number look through.

A party is written in autocommit before the transaction that needs it, sorted, because all bus
partitions share these rows: unsorted or inside storing transactions, writers deadlock. A row
says the last day (days since 2000-01-01) on which the value was seen; most are known to the
cache and cost nothing.
"""

from collections.abc import Iterable
from typing import Final

from hepscope_common.calls import CallFacts
from hepscope_common.calls.registration import RegistrationFacts
from hepscope_storage_writer.lru import Lru
from hepscope_storage_writer.times import DAY_US, FIRST_US

UPSERT: Final = """
insert into hepscope.party (value, last_day)
select value, date '2000-01-01' + day from unnest($1::text[], $2::int[]) as seen (value, day)
order by value
on conflict (value) do update set last_day = excluded.last_day
where party.last_day < excluded.last_day
"""


class Parties:
    """Remembers which parties are in the database already."""

    def __init__(self, size: int) -> None:
        self.cache: Lru[str, int] = Lru(size)

    def unseen(
        self, calls: Iterable[CallFacts], registrations: Iterable[RegistrationFacts]
    ) -> dict[str, int]:
        """Return the parties to write with their last day, in order of their bytes."""
        found: dict[str, int] = {}
        for call in calls:
            day = (call.last_us - FIRST_US) // DAY_US
            for value in (call.from_user, call.to_user, call.ruri_user):
                if value and found.get(value, day - 1) < day:
                    found[value] = day
        for registration in registrations:
            day = (registration.last_us - FIRST_US) // DAY_US
            value = registration.aor_user
            if value and found.get(value, day - 1) < day:
                found[value] = day
        get = self.cache.get
        return {
            value: day
            for value, day in sorted(found.items())
            if (known := get(value)) is None or known < day
        }

    def remember(self, written: dict[str, int]) -> None:
        """Note parties as written, once they are."""
        self.cache.update(written.items())

    def forget(self) -> None:
        """Forget everything, for instance because the database was restored."""
        self.cache.clear()
