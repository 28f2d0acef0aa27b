"""Settings: one TOML file and the environment, read into models that refuse the unknown.

Each service describes its sections as models derived from ``Section``; a process composes
them into one ``Settings`` class. The environment (``HEPSCOPE_<SECTION>__<KEY>``) wins over
the file. ``HEPSCOPE_<SECTION>__<KEY>_FILE`` names a file that holds the value, for secrets.
"""

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal, TypeVar, cast

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    InitSettingsSource,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
)
from pydantic_settings.sources.utils import parse_env_vars

from hepscope_common.logs import Format
from hepscope_common.runtime import StartupError

PREFIX = "HEPSCOPE_"
NESTED = "__"
FILE = "_FILE"

_Item = TypeVar("_Item")
_Settings = TypeVar("_Settings", bound="Settings")


def none_if_empty(value: object) -> object:
    """Return None of an empty text, which is what a variable left empty gives."""
    return None if value == "" else value


class Section(BaseModel):
    """A section of the settings; unknown keys are errors, values never change."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class LogSettings(Section):
    """What a process writes to standard error."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    """Lines from this level on; one module's can be changed while it runs (PUT /log-levels)."""

    format: Annotated[Format | None, BeforeValidator(none_if_empty)] = None
    """``json``: an object a line, with ``time``, ``level``, ``service``, ``logger``, ``message``
    and, of an exception, ``traceback``; or ``text``. Default: json for a service on its own, text
    for the ``hepscope`` command."""


class Listen(BaseModel):
    """An address to listen at, written ``host:port`` or ``[v6]:port``; port 0 takes a free one."""

    model_config = ConfigDict(frozen=True)

    host: str
    port: int

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine reaches it."""
        return self.host in ("localhost", "::1") or self.host.startswith("127.")


def parse_listen(value: object) -> object:
    """Return a Listen of ``host:port`` text; raises ValueError that says what is wrong."""
    if not isinstance(value, str):
        return value
    host, colon, port = value.strip().rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not colon or not host:
        raise ValueError(f"expected host:port, not {value!r}")
    if not port.isascii() or not port.isdigit() or int(port) > 65535:
        raise ValueError(f"expected a port from 0 to 65535, not {port!r}")
    return Listen(host=host, port=int(port))


def split_list(value: object) -> object:
    """Return the items of comma-separated text; an empty text is an empty list."""
    if isinstance(value, str):
        return [item.strip() for item in value.split(",") if item.strip()]
    return value


ListenAddress = Annotated[Listen, NoDecode, BeforeValidator(parse_listen)]
CommaList = Annotated[tuple[_Item, ...], NoDecode, BeforeValidator(split_list)]
ListenList = CommaList[ListenAddress]


class Settings(BaseSettings):
    """Base of a process's settings: a field per section that it reads."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_nested_delimiter=NESTED,
        extra="ignore",
        frozen=True,
        use_attribute_docstrings=True,
    )


def load(
    model: type[_Settings], *, config: Path | None = None, environ: Mapping[str, str] | None = None
) -> _Settings:
    """Return the settings of a process.

    Raises StartupError whose message names each wrong key and what was expected there.
    Sections that the model does not have are another service's and are left alone.
    """
    values = _read_file(config) if config is not None else {}
    found = _with_secrets(model, os.environ if environ is None else environ)

    class Environment(EnvSettingsSource):
        """The environment given, instead of this process's own."""

        def _load_env_vars(self) -> Mapping[str, str | None]:
            return parse_env_vars(found, self.case_sensitive)

    class Loaded(model):  # type: ignore[valid-type, misc]  # a base known only at run time
        """The model, reading the two sources above and nothing else."""

        @classmethod
        def settings_customise_sources(
            cls, settings_cls: type[BaseSettings], *_: object, **__: object
        ) -> tuple[PydanticBaseSettingsSource, ...]:
            return Environment(settings_cls), InitSettingsSource(settings_cls, values)

    try:
        return cast("_Settings", Loaded())
    except SettingsError as error:
        raise StartupError(str(error)) from error
    except ValidationError as error:
        raise StartupError(_explain(error)) from error


def unknown_sections(model: type[BaseModel], config: Path) -> list[str]:
    """Return the sections of a file that a model of all services does not know."""
    return sorted(set(_read_file(config)) - set(model.model_fields))


def _read_file(path: Path) -> dict[str, object]:
    try:
        with path.open("rb") as file:
            return tomllib.load(file)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise StartupError(f"settings file {path}: {_text(error)}") from error


def _with_secrets(model: type[BaseModel], environ: Mapping[str, str]) -> dict[str, str]:
    """Return our variables, each ``..._FILE`` replaced by what the file holds."""
    found: dict[str, str] = {}
    for name, text in environ.items():
        if not name.startswith(PREFIX):
            continue
        if name.endswith(FILE) and not _is_key(model, name):
            found[name.removesuffix(FILE)] = _read_secret(name, text)
        else:
            found.setdefault(name, text)
    return found


def _is_key(model: type[BaseModel], name: str) -> bool:
    section, _, key = name.removeprefix(PREFIX).lower().partition(NESTED)
    field = model.model_fields.get(section)
    inner = getattr(field, "annotation", None)
    return isinstance(inner, type) and key in getattr(inner, "model_fields", {})


def _read_secret(name: str, path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise StartupError(f"{name}: {path}: {_text(error)}") from error


def _text(error: Exception) -> str:
    """Return what went wrong with a file, without its name and number."""
    if isinstance(error, UnicodeDecodeError):
        return f"it is not UTF-8 (byte {error.start})"
    return getattr(error, "strerror", None) or str(error)


def _explain(error: ValidationError) -> str:
    lines = []
    for fault in error.errors(include_url=False, include_input=False):
        where = ".".join(str(part) for part in fault["loc"])
        if fault["type"] == "extra_forbidden":
            lines.append(f"unknown setting {where}")
        else:
            lines.append(f"setting {where}: {fault['msg'].removeprefix('Value error, ')}")
    return "; ".join(lines)
