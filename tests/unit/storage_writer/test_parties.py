"""Tests of which parties are written."""

from hepscope_common.calls import CallFacts
from hepscope_common.calls.registration import RegistrationFacts
from hepscope_storage_writer.parties import Parties
from hepscope_storage_writer.times import DAY_US, FIRST_US
from support.builders import BASE_US
from unit.storage_writer.test_batch import make_facts

TODAY = (BASE_US - FIRST_US) // DAY_US


def make_call(from_user: str, to_user: str, ruri_user: str = "", *, days: int = 0) -> CallFacts:
    """Return facts of a call between these users."""
    facts = make_facts(days * DAY_US)
    facts.from_user, facts.to_user, facts.ruri_user = from_user, to_user, ruri_user
    return facts


def test_users_of_calls_and_registrations_are_parties_in_order() -> None:
    """Caller, callee, target and address of record, sorted; no user is none."""
    registration = RegistrationFacts("r", 0, BASE_US, BASE_US, 1, aor_user="dora")

    found = Parties(9).unseen(
        [make_call("carl", "", "bob"), make_call("anna", "bob")], [registration]
    )

    assert list(found) == ["anna", "bob", "carl", "dora"]
    assert set(found.values()) == {TODAY}


def test_a_known_party_is_written_again_on_another_day_only() -> None:
    """The row tells the last day; within a day it costs nothing."""
    parties = Parties(9)
    parties.remember(parties.unseen([make_call("a", "b")], []))

    assert parties.unseen([make_call("a", "b")], []) == {}
    assert parties.unseen([make_call("a", "b", days=-1)], []) == {}
    assert parties.unseen([make_call("a", "x", days=1)], []) == {"a": TODAY + 1, "x": TODAY + 1}


def test_the_newest_day_of_a_batch_counts() -> None:
    """Whatever the order of the calls."""
    calls = [make_call("a", "b", days=1), make_call("b", "a", days=0)]

    assert Parties(9).unseen(calls, []) == {"a": TODAY + 1, "b": TODAY + 1}
