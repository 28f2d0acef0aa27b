"""Where the registrations of a Call-ID are cut, and that the cuts cost no exactness."""

import random

from hepscope_common.calls.measuring import Filed, MeasuredAttempt, measure
from hepscope_common.store.attempts import Span
from hepscope_storage_writer.measure_registrations import MARGIN_US, cut_out, is_cut
from support.builders import BASE_US
from support.sip_calls import SECOND_US, Flow, signals_of

NEVER_US = 1 << 60


def filed(flow: Flow) -> list[Filed]:
    """Return the messages of a flow, filed under their own time."""
    return [Filed(signal, signal.time_us) for signal in signals_of(flow.sent)]


def random_client(chance: random.Random) -> Flow:
    """A client of any habits: refreshes, challenges, losses, retransmissions, refusals."""
    flow, at_s, cseq = Flow("c"), 0.0, 0
    for _ in range(60):
        at_s += chance.choice([1, 4, 6, 20, 31, 34, 60, 90])
        cseq += 1
        for copy in range(chance.choice([1, 1, 1, 3])):
            flow.request("REGISTER", at_s + copy * 0.5, cseq=cseq)
        at_s += 1.1
        if chance.random() < 0.5:
            flow.response(401, at_s, method="REGISTER", cseq=cseq)
            cseq += 1
            flow.request("REGISTER", at_s + 0.01, cseq=cseq)
        if chance.random() < 0.85:
            status = chance.choice([200, 200, 200, 403, 503])
            flow.response(status, at_s + 0.05, method="REGISTER", cseq=cseq)
    return flow


def attempts_by_parts(messages: list[Filed]) -> list[MeasuredAttempt]:
    """Return what the parts give that all messages are cut into."""
    whole = Span("c", messages[0].filed_us, messages[-1].filed_us, is_registration=True)
    parts = cut_out(messages, whole, MARGIN_US, is_forced=False)
    assert parts is not None
    assert len(parts) > 1
    return [one for part in parts for one in measure(part, NEVER_US).attempts]


def test_parts_give_what_the_whole_gives() -> None:
    """Exactly, for clients of any habits."""
    for seed in range(300):
        messages = filed(random_client(random.Random(seed)))

        assert attempts_by_parts(messages) == measure(messages, NEVER_US).attempts, seed


def test_a_touched_message_brings_its_part_and_the_next() -> None:
    """Whether the next one is apart depends on it; nothing else does."""
    flow = Flow("c")
    for number in range(5):
        flow.request("REGISTER", number * 60, cseq=number)
        flow.response(200, number * 60 + 0.1, method="REGISTER", cseq=number)
    messages = filed(flow)
    at_us = BASE_US + 60 * SECOND_US

    parts = cut_out(messages, Span("c", at_us, at_us), 70 * SECOND_US, is_forced=False)

    assert parts == [messages[2:4], messages[4:6]]


def test_more_is_read_where_no_cut_is_seen() -> None:
    """A client that never pauses; in the end one takes what there is."""
    flow = Flow("c")
    for number in range(200):
        flow.request("REGISTER", number, cseq=1)
    messages = filed(flow)
    middle = Span("c", BASE_US + 100 * SECOND_US, BASE_US + 100 * SECOND_US)

    assert cut_out(messages[34:167], middle, MARGIN_US, is_forced=False) is None
    forced = cut_out(messages[34:167], middle, MARGIN_US, is_forced=True)
    assert forced == [messages[34:167]]


def test_cuts() -> None:
    """A long silence; or a new REGISTER after the final that settled the one before."""
    flow = Flow("c").request("REGISTER", 0, cseq=1).response(200, 1, method="REGISTER", cseq=1)
    flow.request("REGISTER", 7, cseq=2).request("REGISTER", 7, cseq=1).request(
        "REGISTER", 3, cseq=2
    )
    flow.response(401, 1, method="REGISTER", cseq=1).request("REGISTER", 41, cseq=1)
    first, final, later, repeated, soon, challenge, much_later = signals_of(flow.sent)

    assert is_cut(final, later)
    assert is_cut(final, much_later)
    assert not is_cut(final, repeated)
    assert not is_cut(final, soon)
    assert not is_cut(challenge, later)
    assert not is_cut(first, later)


def test_nothing_there_is_nothing_to_measure() -> None:
    """Its messages were dropped meanwhile."""
    assert cut_out([], Span("c", 0, 0), MARGIN_US, is_forced=False) == []
