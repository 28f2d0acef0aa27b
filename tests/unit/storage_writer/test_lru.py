"""Tests of the bounded mapping."""

import pytest

from hepscope_storage_writer.lru import Lru


def test_it_forgets_what_was_stored_longest_ago() -> None:
    """The bound holds, and storing again makes an entry the newest."""
    lru: Lru[str, int] = Lru(2)
    lru.update([("a", 1), ("b", 2), ("a", 3), ("c", 4)])

    assert (lru.get("a"), lru.get("b"), lru.get("c"), len(lru)) == (3, None, 4, 2)


def test_reading_does_not_renew() -> None:
    """Only storing counts as use."""
    lru: Lru[str, int] = Lru(2)
    lru.update([("a", 1), ("b", 2)])
    lru.get("a")
    lru.update([("c", 3)])

    assert lru.get("a") is None


def test_an_update_larger_than_the_bound_keeps_its_end() -> None:
    """More entries than fit at once leave the last ones."""
    lru: Lru[int, int] = Lru(3)
    lru.update((n, n) for n in range(10))

    assert [n for n in range(10) if lru.get(n) is not None] == [7, 8, 9]


def test_clear_forgets_everything() -> None:
    """Nothing is left after clear."""
    lru: Lru[str, int] = Lru(2)
    lru.update([("a", 1)])
    lru.clear()

    assert len(lru) == 0


def test_a_size_below_one_is_refused() -> None:
    """A cache that can hold nothing is a mistake in the settings."""
    with pytest.raises(ValueError, match="0 entries"):
        Lru(0)
