"""Call facts: what messages say together, in any order and any batches."""

import random
from copy import deepcopy

from hypothesis import given, settings
from hypothesis import strategies as st

from hepscope_common.calls import CallFacts, CallState, facts_of
from hepscope_common.calls.facts import (
    FLAG_CHALLENGED,
    FLAG_INITIAL,
    FLAG_SDP,
    MAX_NODES,
)
from hepscope_common.calls.methods import method_bit
from unit.common.calls.samples import (
    BOB,
    PROXY,
    SECOND_US,
    START_US,
    Seen,
    answered_call,
    any_call,
    any_message,
    make_request,
    make_response,
    record_of,
)


def facts_from(seen: Seen) -> CallFacts:
    """Return the facts of one sample."""
    return facts_of(*seen)


def test_answered_call_gives_every_time() -> None:
    """One record says when each thing happened, who called whom, and how it went."""
    record = record_of(answered_call())

    assert record.invite_us == record.started_us == START_US
    assert record.ringing_us == record.progress_us == START_US + 1_350_000
    assert record.answered_us == START_US + 5 * SECOND_US
    assert record.bye_us == START_US + 65_400_000
    assert record.last_us == START_US + 65_500_000
    assert (record.method, record.status, record.reason) == ("INVITE", 200, "Reason 200")
    assert (record.message_count, record.invite_count, record.bytes) == (7, 1, 700)
    assert record.methods == sum(method_bit(name) for name in ("INVITE", "ACK", "BYE"))
    assert record.flags == FLAG_INITIAL | FLAG_SDP
    assert record.state(record.last_us) is CallState.COMPLETED


def test_answer_to_cancel_is_no_answer_to_the_invite() -> None:
    """CANCEL has a 200 of its own; the INVITE ends with 487."""
    record = record_of(
        [
            make_request("INVITE", 0),
            make_response(180, 1),
            make_request("CANCEL", 2),
            make_response(200, 2.1, method="CANCEL"),
            make_response(487, 2.2),
        ]
    )

    assert (record.status, record.answered_us) == (487, None)
    assert record.cancelled_us == START_US + 2 * SECOND_US


def test_failed_fork_hides_no_answer() -> None:
    """A 2xx wins over a later 486 of another branch."""
    record = record_of(
        [
            make_request("INVITE", 0),
            make_response(200, 1, source=BOB, destination=PROXY, branch="z9-2"),
            make_response(486, 2, source=BOB, destination=PROXY, branch="z9-3"),
        ]
    )

    assert record.status == 200


def test_challenge_gives_way_to_the_result_of_the_retry() -> None:
    """And is the status only where nothing better came."""
    first = [make_request("INVITE", 0), make_response(407, 0.1, reason="Proxy Auth")]
    retry = [make_request("INVITE", 0.2, cseq=2), make_response(486, 1, cseq=2)]

    assert record_of(first).status == 407
    assert record_of(first).flags & FLAG_CHALLENGED
    assert record_of(first + retry).status == 486
    assert record_of(first + retry).invite_us == START_US


def test_last_failure_over_all_hops_wins() -> None:
    """A proxy turns its branch's 503 into the 500 that the caller sees later."""
    hops = [make_request("INVITE", 0), make_response(503, 1), make_response(500, 1.1)]

    assert record_of(hops).status == 500


def test_failed_re_invite_hides_no_answer() -> None:
    """The status of a call is that of its beginning."""
    again = [make_request("INVITE", 9, to_tag="b", cseq=2), make_response(488, 9.1, cseq=2)]

    record = record_of(answered_call() + again)

    assert (record.status, record.invite_count, record.invite_us) == (200, 2, START_US)


def test_request_takes_over_from_a_response() -> None:
    """Even one that comes later and belongs to another method."""
    record = record_of([make_response(200, 1), make_request("BYE", 2, to_tag="b")])

    assert (record.method, record.status) == ("BYE", None)


def test_nodes_are_a_bounded_sorted_union() -> None:
    """The least sixteen names are kept."""
    names = [f"n{number:02d}" for number in range(30, 0, -1)]

    record = record_of([make_request("INVITE", node=name) for name in names])

    assert record.nodes == tuple(sorted(names)[:MAX_NODES])


@settings(max_examples=300, deadline=None)
@given(any_call, st.randoms(use_true_random=False))
def test_any_permutation_and_batching_give_the_same_record(
    call: list[Seen], chance: random.Random
) -> None:
    """Whole records are equal in every field."""
    expected = record_of(call)
    shuffled = call.copy()
    chance.shuffle(shuffled)
    batches: list[list[Seen]] = [[]]
    for seen in shuffled:
        if batches[-1] and chance.random() < 0.4:
            batches.append([])
        batches[-1].append(seen)
    records = [record_of(batch) for batch in batches]
    chance.shuffle(records)

    result = records[0]
    for record in records[1:]:
        result.merge(record)

    assert result == expected


@settings(max_examples=100, deadline=None)
@given(any_message(), any_message(), any_message())
def test_merge_is_commutative_and_associative(a: Seen, b: Seen, c: Seen) -> None:
    """The order of merging never shows."""
    assert facts_from(a).merge(facts_from(b)) == facts_from(b).merge(facts_from(a))
    left = facts_from(a).merge(facts_from(b)).merge(facts_from(c))
    right = facts_from(a).merge(facts_from(b).merge(facts_from(c)))
    assert left == right


@settings(max_examples=100, deadline=None)
@given(any_call)
def test_only_counts_are_added(call: list[Seen]) -> None:
    """Merged with itself, a record changes in its three sums alone."""
    record = record_of(call)
    counts = (record.message_count, record.invite_count, record.bytes)

    twice = deepcopy(record).merge(record)

    assert (twice.message_count, twice.invite_count, twice.bytes) == tuple(2 * n for n in counts)
    twice.message_count, twice.invite_count, twice.bytes = counts
    assert twice == record


@settings(max_examples=50, deadline=None)
@given(any_call)
def test_merging_leaves_the_other_alone(call: list[Seen]) -> None:
    """What was merged can still be used: nothing is shared."""
    other = record_of(call)
    before = deepcopy(other)
    record = facts_from(make_request("INVITE")).merge(other)

    record.merge(facts_from(make_response(200, 1)))

    assert other == before
