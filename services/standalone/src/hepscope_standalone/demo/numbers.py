"""Telephone numbers that nobody has: ranges that the regulators keep for film, radio and books.

Sources: Bundesnetzagentur, "Drama Numbers" (Mitteilung 148/2021); Ofcom, "Telephone numbers for
use in TV and radio drama programmes"; NANPA, line numbers 555-0100 to 555-0199 of every area code
(ATIS-0300115); Arcep, decision 2018-0881, article 2.5.12; ACMA, "Phone numbers for use in radio,
books, film and TV"; PTS, "Telefonnummer för användning i böcker och filmer".
"""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random


@dataclass(frozen=True, slots=True)
class NumberRange:
    """E.164 numbers of one beginning; ``digits`` follow it."""

    prefix: str
    digits: int

    def number(self, index: int) -> str:
        """Return the number with that ending, which wraps around at the range's end."""
        return f"{self.prefix}{index % 10**self.digits:0{self.digits}d}"

    def any(self, random: Random) -> str:
        """Return one of its numbers."""
        return self.number(random.randrange(10**self.digits))


BERLIN = NumberRange("+493023125", 3)
HAMBURG = NumberRange("+494066969", 3)
FRANKFURT = NumberRange("+496990009", 3)
COLOGNE = NumberRange("+492214710", 3)
MUNICH = NumberRange("+498999998", 3)
GERMAN_MOBILE = NumberRange("+4917139200", 2)

GERMANY = (BERLIN, HAMBURG, FRANKFURT, COLOGNE, MUNICH, GERMAN_MOBILE)
BRITAIN = (
    NumberRange("+442079460", 3),
    NumberRange("+441614960", 3),
    NumberRange("+441632960", 3),
    NumberRange("+447700900", 3),
)
FRANCE = (NumberRange("+3319900", 4), NumberRange("+3363998", 4))
SWEDEN = (NumberRange("+468465004", 2), NumberRange("+4631390060", 1))
AMERICA = tuple(NumberRange(f"+1{code}55501", 2) for code in (206, 212, 312, 415, 646))
AUSTRALIA = (NumberRange("+6125550", 4), NumberRange("+61491570", 3))

# What nobody may dial, short as it is: emergency calls (ETSI TS 101 470), and a number cut off.
EMERGENCY = "112"
INCOMPLETE = NumberRange("+4930231", 1)


def anybody(random: Random, ranges: Sequence[NumberRange]) -> str:
    """Return a number of any of the ranges."""
    return random.choice(ranges).any(random)
