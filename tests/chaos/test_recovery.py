"""A fault is over only when no partition stands still."""

from chaos.recovery import behind


def test_a_partition_that_stands_still_is_behind() -> None:
    """Others that are ahead of where the bus was do not make up for it."""
    assert behind({0: 10, 1: 10, 2: 0}, {0: 9, 1: 30}) == [0]
    assert behind({0: 10, 1: 10}, {0: 10, 1: 11}) == []


def test_a_partition_without_a_position_is_behind_its_first_record() -> None:
    """Nobody has stored anything of it; an empty one has nothing to store."""
    assert behind({0: 1, 1: 0}, {}) == [0]
