"""The address of the database: what asyncpg cannot read is told at start, without its password."""

import pytest

from hepscope_common.runtime import StartupError
from hepscope_common.settings import Settings, load
from hepscope_common.store.settings import StoreSettings


class OfStore(Settings):
    """What a service reads."""

    store: StoreSettings = StoreSettings()


@pytest.mark.parametrize(
    "dsn",
    [
        "postgresql://u:p@h/db",
        "postgres://u:p%2Fq@h:5432/db?sslmode=require",
        "postgresql://u@[2001:db8::1]:5432,h2,[::1]/db",
        "postgresql://h1:1,h2:65535/db",
        "postgresql:///db?host=/run/postgresql",
        "postgresql://%2Frun%2Fpostgresql/db",
        "postgresql://?service=site",
        "",
    ],
)
def test_every_form_of_an_address_is_taken(dsn: str) -> None:
    """Sockets, several hosts and services, too."""
    found = StoreSettings.model_validate({"dsn": dsn}).dsn
    assert found is not None
    assert found.get_secret_value() == dsn


@pytest.mark.parametrize("password", [None, "x"])
@pytest.mark.parametrize(
    "dsn",
    [
        "nonsense",
        "u:hunter2@h",
        "host=h password=hunter2",
        "postgresql://u:hunter2/x@h/db",
        "postgresql://u:hunter2#x@h/db",
        "postgresql://u:hunter2?x@h/db",
        "postgresql://u:x@hunter2:y@h/db",
        "postgresql://u:[hunter2@h/db",
        "postgresql://u:hunter2\u2100@h/db",
        "postgresql://u:hunter2@h:99999/db",
        "postgresql://u:hunter2@h:0/db",
    ],
)
def test_an_address_that_cannot_be_read_is_told_without_it(dsn: str, password: str | None) -> None:
    """A password with a character that needs an escape is the usual mistake."""
    environ = {"HEPSCOPE_STORE__DSN": dsn}
    if password:
        environ["HEPSCOPE_STORE__PASSWORD"] = password
    with pytest.raises(StartupError, match=r"setting store.*expected postgresql://") as caught:
        load(OfStore, environ=environ)
    assert "hunter" not in str(caught.value)
