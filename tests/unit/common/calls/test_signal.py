"""What counting takes of a message, and how much of it at most."""

from hepscope_common.calls.bounds import TOKEN_CHARS
from hepscope_common.calls.signal import signal_of
from unit.common.calls.samples import make_request


def test_what_is_kept_of_a_message_is_bounded() -> None:
    """A hundred thousand transactions are remembered, and a tag may be as long as a packet."""
    long = "y" * 60_000
    signal = signal_of(
        *make_request("INVITE", call_id=long, branch=long, from_tag=long, to_tag=long)
    )

    assert [len(text) for text in (signal.via_branch, signal.from_tag, signal.to_tag)] == (
        [TOKEN_CHARS] * 3
    )
    assert len(signal.call_id) < 512


def test_usual_tokens_are_kept_whole() -> None:
    """However much of them differs at the end."""
    branch = f"z9hG4bK-{'a' * 250}-1"
    signal = signal_of(*make_request("INVITE", branch=branch, from_tag="f", to_tag="t"))

    assert (signal.via_branch, signal.from_tag, signal.to_tag) == (branch, "f", "t")
