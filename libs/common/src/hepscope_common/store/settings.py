"""Settings of the database: section ``[store]``."""

from collections.abc import Mapping
from typing import Final
from urllib.parse import SplitResult, parse_qs, quote, urlsplit

from pydantic import SecretStr, field_validator, model_validator

from hepscope_common.settings import Section

_SCHEMES: Final = ("postgresql://", "postgres://")

_WRONG: Final = (
    "expected postgresql://user:password@host:port/database; in user and password, "
    "@ : / ? # [ ] and % are written as %40 %3A %2F %3F %23 %5B %5D %25"
)
"""Says nothing of what was found: it may be a part of the password."""


class StoreSettings(Section):
    """Which PostgreSQL holds everything."""

    dsn: SecretStr | None = None
    """``postgresql://user:password@host:port/database`` of a PostgreSQL 15 or newer. Without it
    the standalone command runs one of its own in the data directory."""

    password: SecretStr | None = None
    """Password of the user of ``dsn``, where that names none; as it is, without percent-encoding.
    ``HEPSCOPE_STORE__PASSWORD_FILE`` names a file that holds it."""

    @field_validator("dsn")
    @classmethod
    def _is_address(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and value.get_secret_value():
            check_dsn(value.get_secret_value())
        return value

    @model_validator(mode="before")
    @classmethod
    def _join(cls, values: object) -> object:
        """Whoever reads ``dsn`` finds the password in it."""
        if not isinstance(values, Mapping):
            return values
        dsn, password = _text(values.get("dsn")), _text(values.get("password"))
        if not password:
            return values
        if not dsn:
            raise ValueError("password is of use with dsn only (HEPSCOPE_STORE__DSN)")
        return {**values, "dsn": join_password(dsn, password)}


def check_dsn(dsn: str) -> None:
    """Raise ValueError, which tells nothing of the address, unless asyncpg can read it."""
    place = _split(dsn).netloc
    # As asyncpg reads it: the first @ ends user and password, and hosts may be several.
    hosts = place.partition("@")[2] if "@" in place else place
    if not dsn.startswith(_SCHEMES) or "@" in hosts:
        raise ValueError(_WRONG)
    for host in hosts.split(","):
        _, bracket, behind = host.rpartition("]")
        port = behind.removeprefix(":") if bracket else host.partition(":")[2]
        if port and not (port.isascii() and port.isdigit() and 0 < int(port[:6]) < 65536):
            raise ValueError(_WRONG)


def _split(dsn: str) -> SplitResult:
    try:
        return urlsplit(dsn)
    except ValueError:
        raise ValueError(_WRONG) from None


def join_password(dsn: str, password: str) -> str:
    """Return the address with the password in it; one that holds a password stays as it is.

    It becomes a parameter, which asyncpg and libpq read alike, also of an address without a user
    or with several hosts.
    """
    if not dsn.startswith(_SCHEMES) or _has_password(dsn):
        return dsn
    address, mark, fragment = dsn.partition("#")
    if "?" not in address:
        address += "?"
    elif not address.endswith(("?", "&")):
        address += "&"
    return f"{address}password={quote(password, safe='')}{mark}{fragment}"


def _has_password(dsn: str) -> bool:
    parts = _split(dsn)
    user, at, _ = parts.netloc.rpartition("@")
    return bool(at and user.partition(":")[2]) or "password" in parse_qs(parts.query)


def _text(value: object) -> str:
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    return value if isinstance(value, str) else ""
