"""Method bits: stable positions, one bit for the unknown."""

from hepscope_common.calls.methods import OTHER_METHOD_BIT, method_bit


def test_bits_are_the_stored_ones() -> None:
    """Positions are in the database, so they never move."""
    bits = [method_bit(name) for name in ("INVITE", "ACK", "BYE", "CANCEL", "PUBLISH")]

    assert bits == [1, 2, 4, 8, 1 << 13]


def test_unknown_methods_share_a_bit_that_fits_an_integer() -> None:
    """No method, no bit."""
    assert method_bit("KDMQ") == OTHER_METHOD_BIT < 1 << 31
    assert method_bit("") == 0
