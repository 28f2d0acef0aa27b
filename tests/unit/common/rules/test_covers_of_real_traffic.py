"""Masks of users on real traffic: calls stay what they were, and no user stays."""

from pathlib import Path

import pytest

from hep import decode
from hep.sip import looks_like_sip, parse
from hep.sip.message import SipMessage
from hepscope_common.rules.cover import Cover, fill, pseudonyms
from hepscope_common.rules.mask_numbers import NumberMask
from hepscope_common.rules.mask_users import UserMask
from hepscope_common.rules.masker import Masker
from support.corpus_replay import HEP_RECORDINGS, hep_recording

COVER = pseudonyms(b"key")
MASKERS = {
    "users covered": Masker(numbers=UserMask()),
    "users by pseudonyms": Masker(numbers=UserMask(cover=COVER)),
    "numbers by pseudonyms": Masker(numbers=NumberMask(first=3, last=2, least=5, cover=COVER)),
}


def identity(message: SipMessage) -> tuple[object, ...]:
    """Return what calls and transactions are told by."""
    return (
        message.call_id, message.method, message.status, message.cseq, message.cseq_method,
        message.from_tag, message.to_tag, message.via_branch, message.via_host,
        message.from_domain, message.to_domain, message.ruri_domain, message.content_length,
    )  # fmt: skip


def users(message: SipMessage) -> tuple[str, str, str]:
    """Return who takes part."""
    return message.from_user, message.to_user, message.ruri_user


@pytest.mark.parametrize("masker", MASKERS.values(), ids=MASKERS)
@pytest.mark.parametrize("name", HEP_RECORDINGS)
def test_calls_stay(corpus: Path, name: str, masker: Masker) -> None:
    """Every SIP payload of the recordings."""
    seen: dict[str, str] = {}
    for data in hep_recording(corpus, name).packets:
        payload = decode(data).payload
        if not looks_like_sip(payload):
            continue
        masked = masker.mask(payload)
        before, after = parse(payload), parse(masked)
        assert len(masked) == len(payload)
        assert identity(after) == identity(before)
        assert set(after.faults) <= set(before.faults)
        for user, shown in zip(users(before), users(after), strict=True):
            assert len(shown) == len(user)
            # Whoever it is, he is the same one in all messages.
            assert seen.setdefault(user, shown) == shown
    assert seen


@pytest.mark.parametrize("cover", [fill, COVER], ids=["x", "pseudonyms"])
def test_torture(corpus: Path, cover: Cover) -> None:
    """The messages of RFC 4475 and 5118, which are malformed on purpose: lengths stay."""
    masker = Masker(numbers=UserMask(cover=cover))
    files = [path for path in (corpus / "torture").rglob("*.dat") if path.is_file()]
    for path in files:
        payload = path.read_bytes()
        masked = masker.mask(payload)
        assert len(masked) == len(payload)
        assert parse(masked).call_id == parse(payload).call_id, path.name
        assert parse(masked).cseq_method == parse(payload).cseq_method, path.name
    assert files
