"""The choice of the account that PostgreSQL runs as under root."""

import os

import pytest

from hepscope_standalone.postgres.account import (
    Account,
    account_of_owner,
    find_account,
    own_account,
    service_account,
)
from hepscope_standalone.postgres.errors import StartupError


class Accounts:
    """A user database in memory; ``create`` adds the own user unless it has a reason not to."""

    def __init__(self, *names: str, refusal: str = "") -> None:
        self.accounts = {name: Account(name, 100 + at, 100) for at, name in enumerate(names)}
        self.refusal = refusal
        self.announced: list[str] = []

    def create(self) -> str:
        """Add the own user, or say why not."""
        if not self.refusal:
            self.accounts["hepscope"] = Account("hepscope", 999, 999)
        return self.refusal

    def choose(self) -> Account:
        """The account chosen from this database."""
        return service_account(self.announced.append, find=self.accounts.get, create=self.create)


def test_own_user_is_taken_when_it_exists() -> None:
    """An existing hepscope user is used, nothing is made or said."""
    accounts = Accounts("hepscope", "postgres", refusal="must not be asked")

    assert accounts.choose().name == "hepscope"
    assert accounts.announced == []


def test_own_user_is_made_when_missing() -> None:
    """A missing hepscope user is made, and said so, even where postgres exists."""
    accounts = Accounts("postgres", "nobody")

    assert accounts.choose().uid == 999
    assert "made the system user hepscope" in accounts.announced[0]


@pytest.mark.parametrize(
    ("names", "borrowed"), [(("nobody", "postgres"), "postgres"), (("nobody",), "nobody")]
)
def test_another_user_is_borrowed_with_the_reason(names: tuple[str, ...], borrowed: str) -> None:
    """Where ours cannot be made another is used, and the reason is printed."""
    accounts = Accounts(*names, refusal="/etc is read-only")

    assert accounts.choose().name == borrowed
    assert "/etc is read-only" in accounts.announced[0]


def test_no_account_at_all_is_an_error_that_names_the_ways_out() -> None:
    """Without any account the line says why, and what to do."""
    with pytest.raises(StartupError, match=r"useradd broke.*normal user.*HEPSCOPE_STORE__DSN"):
        Accounts(refusal="useradd broke").choose()


def test_a_borrowed_root_is_no_account() -> None:
    """An account of uid 0 under another name is never used."""
    accounts = Accounts(refusal="no")
    accounts.accounts["postgres"] = Account("postgres", 0, 0)

    with pytest.raises(StartupError):
        accounts.choose()


def test_owner_of_a_cluster_is_its_account_unless_root() -> None:
    """A cluster goes on under its owner; root's or a nameless owner's does not."""
    nobody = find_account("nobody")
    assert nobody is not None

    assert account_of_owner(nobody.uid) == nobody
    assert account_of_owner(0) is None
    assert account_of_owner(2**31 - 7) is None


def test_own_account_is_the_process() -> None:
    """The account of this process needs no change of credentials."""
    own = own_account()

    assert (own.uid, own.is_self) == (os.geteuid(), True)
    assert own.gid in own.groups
