"""What feedback asks for, message by message."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hep.rtcp import Feedback
from hep.rtcp.feedback import meaning_of

REMB = b"REMB" + bytes([1, 0x0B, 0x49, 0xF0]) + b"\0\0\0\7"


@pytest.mark.parametrize(
    ("kind", "form", "information", "expected"),
    [
        (205, 1, "00640005", {"name": "nack", "lost_sequences": [100, 101, 103]}),
        (205, 1, "ffff0001", {"name": "nack", "lost_sequences": [65535, 0]}),
        (
            *(205, 3, "0000000708000228"),
            {
                "name": "tmmbr",
                "bitrates": [{"ssrc": 7, "bits_per_second": 1 << 2, "overhead": 40}],
            },
        ),
        (
            *(205, 15, "000100020000030420010000"),
            {
                "name": "transport_cc",
                "base_sequence": 1,
                "packet_status_count": 2,
                "reference_time": 3,
                "feedback_count": 4,
            },
        ),
        (206, 1, "", {"name": "pli"}),
        (
            *(206, 2, "00180142"),
            {"name": "sli", "slices": [{"first": 3, "number": 5, "picture": 2}]},
        ),
        (
            *(206, 4, "0000000709000000"),
            {"name": "fir", "requests": [{"ssrc": 7, "sequence": 9}]},
        ),
        (
            *(206, 15, REMB.hex()),
            {"name": "remb", "bits_per_second": 0x349F0 << 2, "ssrcs": [7]},
        ),
        (206, 15, "58585858", {"name": "afb", "information": "58585858"}),
        (205, 9, "0102", {"information": "0102"}),
        (205, 1, "000100", {"name": "nack", "information": "000100"}),
        (206, 15, REMB[:9].hex(), {"name": "remb", "information": REMB[:9].hex()}),
    ],
)
def test_a_message(kind: int, form: int, information: str, expected: dict[str, Any]) -> None:
    """RFC 4585, RFC 5104, REMB, transport-wide; what is cut stays hexadecimal."""
    said = meaning_of(Feedback(kind, form, 1, 2, bytes.fromhex(information)))

    assert said == {
        "type": kind,
        "format": form,
        "sender_ssrc": 1,
        "media_ssrc": 2,
        **expected,
    }


@given(st.sampled_from([205, 206]), st.integers(0, 31), st.binary(max_size=100))
def test_any_information(kind: int, form: int, information: bytes) -> None:
    """Never an error."""
    assert meaning_of(Feedback(kind, form, 1, 2, information))["type"] == kind
