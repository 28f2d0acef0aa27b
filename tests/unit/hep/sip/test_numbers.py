"""Numbers of any length in headers."""

import pytest

from hep.sip import Fault
from hep.sip.numbers import max_forwards_fault, read_cseq, read_delta, read_number

HUGE = "9" * 6000


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0", 0),
        ("70", 70),
        ("0000000000000000070", 70),
        ("0" * 6000, 0),
        (HUGE, 100),
        ("101", 100),
        ("", None),
        ("-1", None),
        ("1.5", None),
        ("\u0661", None),
        ("\u00b2", None),
    ],
)
def test_number_is_clamped_or_none(text: str, expected: int | None) -> None:
    """However long the text, no error; other signs than ASCII digits are no number."""
    assert read_number(text, 100) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("1 INVITE", (1, "INVITE", None)),
        ("0009 \t  INVITE", (9, "INVITE", None)),
        ("2147483647 ACK", (2147483647, "ACK", None)),
        ("3000000000 ACK", (3000000000, "ACK", Fault.NUMBER_OVERFLOW)),
        (HUGE + " ACK", (4294967295, "ACK", Fault.NUMBER_OVERFLOW)),
        ("x ACK", (None, "ACK", Fault.BAD_CSEQ)),
        ("-1 ACK", (None, "ACK", Fault.BAD_CSEQ)),
        ("1", (1, "", Fault.BAD_CSEQ)),
        ("1 ACK x", (1, "ACK x", Fault.BAD_CSEQ)),
    ],
)
def test_cseq_gives_number_and_method(
    value: str, expected: tuple[int | None, str, Fault | None]
) -> None:
    """Each part is read for itself; up to 32 bits the number is kept."""
    assert read_cseq(value) == expected


@pytest.mark.parametrize(
    ("value", "seconds", "expected"),
    [
        ("3600", 3600, []),
        ("18000;duration=3600", 18000, []),
        ("120 (in a meeting)", 120, []),
        ("4294967295", 2147483647, []),
        ("4294967296", 2147483647, [Fault.NUMBER_OVERFLOW]),
        (HUGE, 2147483647, [Fault.NUMBER_OVERFLOW]),
        ("soon", None, [Fault.BAD_NUMBER]),
        ("", None, [Fault.BAD_NUMBER]),
    ],
)
def test_delta_seconds(value: str, seconds: int | None, expected: list[Fault]) -> None:
    """Parameters and comments behind the digits do not matter; the value fits 31 bits."""
    faults: list[Fault] = []

    assert read_delta(value, faults) == seconds
    assert faults == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [("0", None), ("255", None), ("300", Fault.NUMBER_OVERFLOW), ("x", Fault.BAD_NUMBER)],
)
def test_max_forwards_is_checked(value: str, expected: Fault | None) -> None:
    """Beyond 255 or no number is a fault."""
    assert max_forwards_fault(value) is expected
