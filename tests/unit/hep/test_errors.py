"""Refusals: what they say of themselves."""

from hep.errors import MEANINGS, DecodeError, EncodeError, Reason


def test_every_reason_is_explained() -> None:
    """Each metric label has a line on the reference page."""
    assert set(MEANINGS) == set(Reason)


def test_a_refusal_holds_reason_and_place_but_nothing_from_the_wire() -> None:
    """The text of a refusal is safe to log and to count by."""
    assert str(DecodeError(Reason.INFLATE, 12)) == "inflate at byte 12"
    assert str(EncodeError(Reason.BAD_VALUE, "node_id")) == "bad_value: node_id"
