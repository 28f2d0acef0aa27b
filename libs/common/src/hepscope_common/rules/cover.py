"""What stands where something was hidden: an x for each character, or a pseudonym.

A pseudonym has the form of what it stands for, a digit for a digit and a letter for a letter of the
same case, so that no length changes and what is no user still looks like none. Two of the same form
never share one (a Feistel network over the characters, as in NIST SP 800-38G): who holds the key
could undo it, nobody else can tell which became which, except by guessing where there is little to
guess.
"""

import string
import struct
from collections.abc import Callable
from hashlib import blake2b

FILL = "x"

Cover = Callable[[str, str], str]
"""Returns as many characters as it is given; the second text is what is shown beside them."""

_ALPHABETS = (string.digits, string.ascii_lowercase, string.ascii_uppercase)
_ROUNDS = 10
_BLOCK = 32
"""Characters that one hash is enough for."""
_NUMBERS = struct.Struct(f">{_BLOCK}H")


def fill(symbols: str, _beside: str) -> str:
    """Return x for each character."""
    return FILL * len(symbols)


def pseudonyms(key: bytes) -> Cover:
    """Return what gives pseudonyms by a secret key, the same ones for the same text."""
    secret = blake2b(key).digest()

    def mixed(step: int, form: bytes, half: list[int], count: int) -> list[int]:
        found: list[int] = []
        for block in range(0, count, _BLOCK):
            head = bytes((step, block // _BLOCK & 0xFF))
            found += _NUMBERS.unpack(blake2b(head + form + bytes(half), key=secret).digest())
        return found

    def cover(symbols: str, beside: str) -> str:
        places = [_place(symbol) for symbol in symbols]
        form = bytes(alphabet for alphabet, _ in places)
        form += b"\xff" + beside.encode("utf-8", "surrogateescape") + b"\xff"
        radixes = [len(_ALPHABETS[alphabet]) if alphabet < 3 else 1 for alphabet, _ in places]
        numbers = [number for _, number in places]
        middle = len(numbers) // 2
        halves = [numbers[:middle], numbers[middle:]]
        bounds = [radixes[:middle], radixes[middle:]]
        for step in range(_ROUNDS):
            mine, other = step & 1, 1 - (step & 1)
            added = mixed(step, form, halves[other], len(halves[mine]))
            halves[mine] = [
                (number + more) % radix
                for number, more, radix in zip(halves[mine], added, bounds[mine], strict=False)
            ]
        return "".join(
            _ALPHABETS[alphabet][number] if alphabet < 3 else FILL
            for (alphabet, _), number in zip(places, halves[0] + halves[1], strict=True)
        )

    return cover


def _place(symbol: str) -> tuple[int, int]:
    """Return alphabet and number of a character; one of no alphabet is always an x."""
    for alphabet, letters in enumerate(_ALPHABETS):
        number = letters.find(symbol)
        if number >= 0:
            return alphabet, number
    return len(_ALPHABETS), 0
