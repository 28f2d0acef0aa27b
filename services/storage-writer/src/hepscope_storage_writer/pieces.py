"""Encoded fields of binary COPY, remembered by value.

Most values of a batch occur in it many times (a call has one Call-ID and eight messages; a
network has few agents and addresses), so text and addresses go through dictionaries: a miss
encodes, a hit costs one look-up. A dictionary that reaches its bound starts anew.
"""

from collections.abc import Mapping
from typing import Final

from hepscope_common.calls.bounds import stored_call_id
from hepscope_common.store.copy import (
    EMPTY,
    INDEXED_LIMIT,
    NULL,
    TEXT_LIMIT,
    bytea,
    inet,
    jsonb,
    text,
    text_array,
)
from hepscope_common.store.json_text import encode_json

MAX_PIECES: Final = 20_000
"""Values remembered per dictionary; a batch of 8000 messages has fewer distinct ones."""

MAX_CHARACTERS: Final = 2_000_000
"""Their size together, reached first by hostile traffic."""


class TextPieces(dict[str, bytes]):
    """Encoded text by its value, cut to ``limit`` characters; no text is null."""

    def __init__(self, limit: int, *, empty: bytes = NULL) -> None:
        super().__init__({"": empty})
        self._empty = empty
        self._limit = limit
        self._characters = 0

    def __missing__(self, value: str) -> bytes:
        piece = text(value, self._limit)
        self._characters += len(value)
        if len(self) >= MAX_PIECES or self._characters > MAX_CHARACTERS:
            self.clear()
            self._characters = len(value)
            self[""] = self._empty
        self[value] = piece
        return piece


class CallIdPieces(TextPieces):
    """Encoded Call-IDs in their stored form; the column is never null."""

    def __init__(self) -> None:
        super().__init__(TEXT_LIMIT, empty=EMPTY)

    def __missing__(self, value: str) -> bytes:
        bounded = stored_call_id(value)
        if bounded == value:
            return super().__missing__(value)
        return text(bounded)


class AddressPieces(dict[bytes, bytes]):
    """Encoded inet by the packed address; anything but 4 or 16 bytes is null."""

    def __missing__(self, packed: bytes) -> bytes:
        piece = inet(packed)
        if len(self) >= MAX_PIECES:
            self.clear()
        self[packed] = piece
        return piece


class ArrayPieces(dict[tuple[str, ...], bytes]):
    """Encoded text[] by its values."""

    def __missing__(self, values: tuple[str, ...]) -> bytes:
        piece = text_array(values, INDEXED_LIMIT)
        if len(self) >= MAX_PIECES:
            self.clear()
        self[values] = piece
        return piece


class FinalsPieces:
    """Encoded finals (jsonb) of call facts: method to key and reason phrase.

    Keys are nearly unique, so the JSON texts of methods and phrases are remembered instead.
    """

    def __init__(self) -> None:
        self._texts: dict[str, str] = {}

    def __call__(self, finals: Mapping[str, tuple[int, str]]) -> bytes:
        """Return the field; no finals are an empty object."""
        if not finals:
            return NO_FINALS
        words = self._word
        items = [f"{words(name)}:[{key},{words(reason)}]" for name, (key, reason) in finals.items()]
        raw = ("\x01{" + ",".join(items) + "}").encode()
        return bytea(raw)

    def _word(self, value: str) -> str:
        found = self._texts.get(value)
        if found is None:
            found = encode_json(value).decode()
            if len(self._texts) >= MAX_PIECES:
                self._texts.clear()
            self._texts[value] = found
        return found


NO_FINALS: Final = jsonb({})
