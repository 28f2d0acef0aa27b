"""Key time: which record of a Call-ID facts belong to, rule by rule."""

from hepscope_common.calls import KeyTime, begins_again, choose_key_time, facts_of, lookup_window
from hepscope_common.calls.key_time import DAY_US, HOUR_US, SILENCE_US
from unit.common.calls.samples import SECOND_US, START_US, make_request, make_response, record_of

DAY_S = DAY_US / SECOND_US
INVITE = facts_of(*make_request("INVITE"))
BYE = facts_of(*make_request("BYE", to_tag="b"))


def test_initial_request_looks_back_two_days() -> None:
    """And ahead as far as the silence, for messages that come late."""
    window = lookup_window(INVITE)

    assert window == (START_US - 2 * DAY_US, START_US + SILENCE_US + 1)


def test_look_back_is_longer_than_the_silence() -> None:
    """Or a reused Call-ID could not be told from a new one."""
    assert lookup_window(INVITE, 5 * DAY_US).low_us == START_US - 6 * DAY_US


def test_in_dialog_messages_look_back_a_week() -> None:
    """Calls can be long."""
    assert lookup_window(BYE).low_us == START_US - 7 * DAY_US


def test_unknown_call_id_takes_the_earliest_time() -> None:
    """Of everything in the batch."""
    facts = record_of([make_response(180, 2), make_request("INVITE", 3), make_response(100, 1)])

    assert choose_key_time(None, facts) == KeyTime(START_US + SECOND_US, is_new=True)


def test_known_call_keeps_its_key() -> None:
    """Also when messages come late, before all that is stored."""
    later = START_US + HOUR_US

    assert choose_key_time((START_US - 5, START_US), BYE) == KeyTime(START_US - 5, is_new=False)
    assert choose_key_time((later, later), INVITE) == KeyTime(later, is_new=False)


def test_initial_request_after_a_day_of_silence_is_another_call() -> None:
    """Exactly a day is not yet one."""
    assert choose_key_time((7, START_US - DAY_US), INVITE) == KeyTime(7, is_new=False)
    assert choose_key_time((7, START_US - DAY_US - 1), INVITE) == KeyTime(START_US, is_new=True)


def test_silence_does_not_cut_a_long_call() -> None:
    """An in-dialog message belongs to what is there."""
    assert choose_key_time((7, START_US - 3 * DAY_US), BYE) == KeyTime(7, is_new=False)


def test_silence_is_measured_to_the_earliest_message() -> None:
    """Times in keys may come from a clock that is wrong; started_us was checked."""
    facts = facts_of(*make_request("INVITE", -9 * DAY_S))
    facts.started_us = facts.last_us = START_US

    assert choose_key_time((START_US - 5, START_US), facts) == KeyTime(START_US - 5, is_new=False)


def test_record_far_ahead_belongs_to_another_call() -> None:
    """As when an old recording is read after its own replay."""
    ahead = START_US + 2 * DAY_US

    assert choose_key_time((ahead, ahead), INVITE) == KeyTime(START_US, is_new=True)


def test_dropped_past_is_stored_at_the_floor() -> None:
    """Whether the call was known or not."""
    floor = START_US + HOUR_US

    assert choose_key_time(None, BYE, floor_us=floor) == KeyTime(floor, is_new=True)
    found = (START_US - 5, START_US)
    assert choose_key_time(found, BYE, floor_us=floor) == KeyTime(floor, is_new=True)


def test_only_an_initial_request_begins_again() -> None:
    """The same question for two batches in memory."""
    assert begins_again(START_US - 2 * DAY_US, INVITE)
    assert not begins_again(START_US - 2 * DAY_US, BYE)
    assert not begins_again(START_US - DAY_US, INVITE)
