"""Covers: what stands in the place of a user, and what keeps two of them apart."""

import itertools
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hep.sip import looks_like_sip, parse
from hepscope_common.rules.cover import fill, pseudonyms
from hepscope_common.rules.mask_numbers import NumberMask
from hepscope_common.rules.mask_users import UserMask
from hepscope_common.rules.masker import Masker
from support.builders import make_request

COVER = pseudonyms(b"key")
USERS = Masker(numbers=UserMask(cover=COVER))
NUMBERS = Masker(numbers=NumberMask(first=3, last=2, least=5, cover=COVER))


@pytest.mark.parametrize("count", [1, 2, 3])
def test_no_two_share_a_pseudonym(count: int) -> None:
    """All numbers of so many digits are dealt out anew."""
    numbers = ["".join(digits) for digits in itertools.product(string.digits, repeat=count)]
    assert sorted(COVER(number, "") for number in numbers) == numbers


@given(st.text(string.ascii_letters + string.digits, max_size=80), st.text(max_size=5))
def test_the_form_stays(text: str, beside: str) -> None:
    """Digit for digit, letter for letter; the same text gives the same."""
    cover = COVER(text, beside)
    assert len(cover) == len(text)
    for before, after in zip(text, cover, strict=True):
        assert (before.isdigit(), before.islower()) == (after.isdigit(), after.islower())
    assert pseudonyms(b"key")(text, beside) == cover


def test_keys_and_ends_tell_apart() -> None:
    """Another key, or other digits beside them, and the pseudonyms are others."""
    found = {COVER("0123456789", ""), COVER("0123456789", "493 56")}
    assert len(found | {pseudonyms(b"other")("0123456789", "")}) == 3
    assert fill("abc", "") == "xxx"


def test_a_pseudonym_is_covered_once() -> None:
    """Also where it happens to be the number of somebody else in the same message."""
    mask = NumberMask(first=0, last=0, least=2, cover=pseudonyms(b"key"))
    for number in range(100):
        alice = f"{number:02}"
        bob = mask.number(alice)
        head, _ = mask.message(
            f"INVITE sip:{bob}@h SIP/2.0\nFrom: <sip:{alice}@h>\nX-Line: {alice} {bob}", ""
        )
        assert f"From: <sip:{bob}@h>" in head
        assert head.endswith(f"X-Line: {bob} {mask.number(bob)}")


@pytest.mark.parametrize(
    ("line", "secret"),
    [
        ("From: bob smith <sip:a.b-c@h>;tag=1", "smith"),
        ("From: <sip:bob smith@h>;tag=1", "smith"),
        ("To: bob.smith@h", "smith"),
        ("To: <h323:smith@h>", "smith"),
        ("f: <sip:%73mith@h>", "mith"),
        ("From: <sip:sm\u00efth@h>", "sm"),
        ("Diversion: <sip:smith;user=x@h>;reason=no-answer", "smith"),
        ("Refer-To: <sips:smith@h?Replaces=1>", "smith"),
        ('Remote-Party-ID: "J. \\"B\\" Smith" <sip:1@h>', "Smith"),
    ],
)
@pytest.mark.parametrize("cover", [fill, COVER])
def test_no_user_stays(line: str, secret: str, cover: object) -> None:
    """Also in addresses that are malformed."""
    mask = UserMask(cover=cover)  # type: ignore[arg-type]  # one of the two above
    head, _ = mask.message(f"OPTIONS sip:x@h SIP/2.0\r\n{line}\r\nCall-ID: 1", "")
    assert secret not in head
    assert len(head) == len(f"OPTIONS sip:x@h SIP/2.0\r\n{line}\r\nCall-ID: 1")


@given(st.binary(max_size=400), st.lists(st.sampled_from(
    [b"sip:", b"@", b"From: ", b"<", b">", b'"', b"%41", b"\r\n", b"12345", b"o=a 1", b"\xc3"]
), max_size=30))  # fmt: skip
def test_any_bytes_keep_their_length(junk: bytes, pieces: list[bytes]) -> None:
    """Whatever stands where; the same bytes give the same."""
    payload = b"INVITE sip:bob@h SIP/2.0\r\n" + b"".join(pieces) + junk
    for masker in (USERS, NUMBERS):
        after = masker.mask(payload)
        assert len(after) == len(payload)
        assert masker.mask(payload) == after
        assert looks_like_sip(after)


@given(st.from_regex(r"[a-z][a-zA-Z0-9._+-]{2,20}", fullmatch=True))
def test_a_message_stays_one(user: str) -> None:
    """With a user of any form."""
    payload = make_request(from_user=user, to_user="4930123456")
    after = parse(USERS.mask(payload))
    assert not after.faults
    assert len(after.from_user) == len(user)
    assert after.call_id == parse(payload).call_id


@pytest.mark.parametrize("piece", [b"sip:a", b"sip:1234567@", b"%41", b'"', b"<sip:a@b>,", b"a@"])
def test_hostile_payloads_cost_little(piece: bytes) -> None:
    """A message of 64 kB is covered in one pass of each kind, not in one for each user."""
    payload = b"INVITE sip:" + piece * (64_000 // len(piece)) + b"@h SIP/2.0\r\nFrom: " + piece
    assert len(USERS.mask(payload)) == len(payload)
