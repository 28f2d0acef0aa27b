"""The password of the database may come apart from its address, out of a file."""

from pathlib import Path

import pytest
from asyncpg import connect_utils
from pydantic import SecretStr

from hepscope_common.runtime import StartupError
from hepscope_common.settings import Settings, load
from hepscope_common.store.settings import StoreSettings, join_password

HOSTILE = "p@ss:w/rd?&=#% +ü\\'\"\t"


class Example(Settings):
    """A process that has a database."""

    store: StoreSettings = StoreSettings()


def password_of(dsn: str) -> str | None:
    """Return the password that asyncpg reads out of an address."""
    _, parameters = connect_utils._parse_connect_dsn_and_args(  # type: ignore[attr-defined]
        dsn=dsn,
        host=None,
        port=None,
        user=None,
        password=None,
        passfile=None,
        database=None,
        ssl=None,
        service=None,
        servicefile=None,
        direct_tls=None,
        server_settings=None,
        target_session_attrs=None,
        krbsrvname=None,
        gsslib=None,
    )
    password: str | None = parameters.password
    return password


ADDRESSES = [
    "postgresql://hepscope@db:5432/hepscope",
    "postgresql://hepscope:@db/hepscope",
    "postgres://db",
    "postgresql://hepscope@one:5432,two:5433/hepscope?target_session_attrs=read-write",
    "postgresql://hepscope@/hepscope?host=/run/postgresql",
    "postgresql://hepscope@db/hepscope?",
    "postgresql://hepscope@[2001:db8::1]:5432/hepscope",
]


@pytest.mark.parametrize("dsn", ADDRESSES)
def test_a_password_of_any_characters_is_joined_to_any_address(dsn: str) -> None:
    """What the driver reads is what the file held."""
    assert password_of(join_password(dsn, HOSTILE)) == HOSTILE


@pytest.mark.parametrize(
    "dsn",
    ["postgresql://hepscope:own@db/hepscope", "postgresql://hepscope@db/hepscope?password=own"],
)
def test_an_address_with_a_password_keeps_it(dsn: str) -> None:
    """The address is the more particular of the two."""
    assert join_password(dsn, "other") == dsn
    assert password_of(dsn) == "own"


def test_every_reader_of_the_address_finds_the_password(tmp_path: Path) -> None:
    """It is joined when the settings are read; the file's line end is not part of it."""
    secret = tmp_path / "password"
    secret.write_text(f"{HOSTILE}\n", encoding="utf-8")
    environ = {
        "HEPSCOPE_STORE__DSN": ADDRESSES[0],
        "HEPSCOPE_STORE__PASSWORD_FILE": str(secret),
    }
    store = load(Example, environ=environ).store
    assert store.dsn is not None
    assert password_of(store.dsn.get_secret_value()) == HOSTILE
    assert HOSTILE not in repr(store)


def test_an_empty_password_is_none() -> None:
    """As a variable that a template leaves empty."""
    assert StoreSettings(dsn=SecretStr("postgresql://db"), password=SecretStr("")).dsn == SecretStr(
        "postgresql://db"
    )


def test_a_password_without_an_address_is_refused() -> None:
    """Else a database of our own would start in silence, where another was meant."""
    with pytest.raises(StartupError, match=r"setting store: .*HEPSCOPE_STORE__DSN"):
        load(Example, environ={"HEPSCOPE_STORE__PASSWORD": "x"})


def test_what_is_no_address_is_left_for_the_driver_to_refuse() -> None:
    """So that its message cannot show the password."""
    assert join_password("garbage", "secret") == "garbage"
