"""Registration facts: the latest answer counts, and no order changes a record."""

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from hepscope_common.calls.key_time import DAY_US
from hepscope_common.calls.registration import (
    RegistrationFacts,
    RegistrationState,
    registration_of,
    registration_state,
)
from unit.common.calls.samples import (
    SECOND_US,
    START_US,
    Seen,
    any_call,
    any_message,
    make_request,
    make_response,
)

DAY_S = DAY_US / SECOND_US


def merged(*call: Seen) -> RegistrationFacts:
    """Return the merged facts of messages, in the order given."""
    first, *rest = [registration_of(message, envelope) for message, envelope in call]
    for facts in rest:
        first.merge(facts)
    return first


def register(at_s: float, expires: int | None = 3600, cseq: int = 1) -> Seen:
    """Return a REGISTER."""
    return make_request("REGISTER", at_s, expires=expires, cseq=cseq)


def answer(status: int, at_s: float, expires: int | None = None, cseq: int = 1) -> Seen:
    """Return an answer to REGISTER."""
    return make_response(status, at_s, method="REGISTER", expires=expires, cseq=cseq)


def state_after(now_s: float, *call: Seen) -> RegistrationState:
    """Return the state ``now_s`` seconds after the start."""
    return merged(*call).state(START_US + round(now_s * SECOND_US))


CHALLENGED = [register(0), answer(401, 0.04)]
REGISTERED = [*CHALLENGED, register(0.045, cseq=2), answer(200, 0.092, 60, cseq=2)]


def test_record_names_aor_contact_and_client() -> None:
    """From the first REGISTER."""
    facts = merged(*REGISTERED)

    assert (facts.aor_user, facts.aor_domain) == ("bob", "example.com")
    assert facts.contact == "<sip:alice@192.0.2.1:5070>"
    assert (facts.user_agent, facts.source) == ("phone", bytes([192, 0, 2, 1]))
    assert (facts.message_count, facts.bytes) == (4, 400)
    assert facts.day_us % DAY_US == 0
    assert 0 <= START_US - facts.day_us < DAY_US


def test_granted_time_beats_the_wanted_one() -> None:
    """The 200 states it later than the request."""
    facts = merged(*REGISTERED)

    assert (facts.expires, facts.registered_us) == (60, START_US + 92_000)
    assert (facts.status, facts.reason) == (200, "Reason 200")


def test_states_of_a_registration() -> None:
    """One after the other, as messages arrive."""
    assert state_after(0, *REGISTERED[:1]) is RegistrationState.PENDING
    assert state_after(33, *REGISTERED[:1]) is RegistrationState.FAILED
    assert state_after(1, *REGISTERED[:2]) is RegistrationState.CHALLENGED
    assert state_after(1, *REGISTERED) is RegistrationState.REGISTERED
    assert state_after(61, *REGISTERED) is RegistrationState.UNREGISTERED


def test_failed_refresh_ends_a_registration() -> None:
    """Unlike in a call, the latest answer counts."""
    refresh = [register(30, cseq=3), answer(403, 30.1, cseq=3)]

    assert state_after(31, *REGISTERED, *refresh) is RegistrationState.FAILED


def test_expires_0_unregisters() -> None:
    """Though the 200 says nothing of it."""
    gone = [register(30, 0, cseq=3), answer(200, 30.1, cseq=3)]

    assert state_after(31, *REGISTERED, *gone) is RegistrationState.UNREGISTERED


def test_success_without_any_time_is_registered() -> None:
    """The default of RFC 3261 is the registrar's choice."""
    call = [register(0, None), answer(200, 1)]

    assert state_after(9999, *call) is RegistrationState.REGISTERED


def test_days_are_joined_by_the_same_merge() -> None:
    """The record of two days begins on the first."""
    first = registration_of(*register(0))
    second = registration_of(*register(DAY_S))

    joined = second.merge(first)

    assert joined.day_us == first.day_us
    assert joined.last_us - joined.started_us == DAY_US


@settings(max_examples=200, deadline=None)
@given(any_call, st.randoms(use_true_random=False))
def test_any_order_gives_the_same_record(call: list[Seen], chance: random.Random) -> None:
    """Whole records are equal in every field."""
    shuffled = call.copy()
    chance.shuffle(shuffled)

    assert merged(*shuffled) == merged(*call)


@settings(max_examples=100, deadline=None)
@given(any_message(), any_message(), any_message())
def test_merge_is_associative(a: Seen, b: Seen, c: Seen) -> None:
    """Batches do not show."""
    assert merged(a, b).merge(merged(c)) == merged(a).merge(merged(b, c))


@given(
    st.one_of(st.none(), st.integers(200, 999)),
    st.one_of(st.none(), st.integers(0, 1 << 40)),
    st.one_of(st.none(), st.integers(0, 1 << 60)),
    st.integers(0, 1 << 60),
)
def test_every_combination_has_a_state(
    status: int | None, expires: int | None, registered_us: int | None, now_us: int
) -> None:
    """Total; only a 2xx is registered or unregistered."""
    result = registration_state(
        status, expires=expires, registered_us=registered_us, last_us=START_US, now_us=now_us
    )

    bound = {RegistrationState.REGISTERED, RegistrationState.UNREGISTERED}
    assert (result in bound) == (status is not None and status < 300)
