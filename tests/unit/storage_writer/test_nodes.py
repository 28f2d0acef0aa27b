"""Tests of the node counts between two writes."""

from hepscope_storage_writer.nodes import NodeSeen, PendingNodes, columns


def test_what_was_seen_is_merged() -> None:
    """Counts add up, times widen, id and version are the newest."""
    node = NodeSeen(1, 3, 10, 20, 5)
    node.merge(NodeSeen(2, 2, 5, 30, 1))
    node.merge(NodeSeen(9, 1, 1, 2, 1))

    assert node == NodeSeen(2, 2, 1, 30, 7)


def test_taking_starts_anew_and_a_failed_write_is_added_again() -> None:
    """No count gets lost between two writes."""
    pending = PendingNodes()
    pending.add({"a": NodeSeen(1, 3, 10, 20, 5)})
    taken = pending.take()
    pending.add({"a": NodeSeen(1, 3, 30, 40, 1)})

    pending.add(taken)

    assert pending.take() == {"a": NodeSeen(1, 3, 10, 40, 6)}
    assert len(pending) == 0


def test_the_number_of_names_is_bounded() -> None:
    """Names over the bound are counted as dropped; known ones still count."""
    pending = PendingNodes(limit=2)
    pending.add({name: NodeSeen(1, 3, 1, 1) for name in "abcd"})
    pending.add({"a": NodeSeen(1, 3, 2, 2)})

    assert (len(pending), pending.take_dropped(), pending.take_dropped()) == (2, 2, 0)
    assert pending.take()["a"].packets == 2


def test_columns_are_those_of_the_statement() -> None:
    """Name, id, version, first, last, count."""
    assert columns({"a": NodeSeen(1, 3, 10, 20, 5)}) == (["a"], [1], [3], [10], [20], [5])
