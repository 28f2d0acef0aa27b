"""JSON schema of the settings, as far as values may give them.

A settings model becomes an object of its keys, closed, with types and bounds. Left out are secrets,
which a chart must not hold, and what the chart sets itself: a value for it would have no effect.
"""

import typing
from collections.abc import Iterator, Mapping
from enum import StrEnum
from types import NoneType, UnionType
from typing import Annotated, Literal, get_args, get_origin

import annotated_types
from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

from hepscope_capture.settings.environment import CONFIG
from hepscope_capture.settings.environment import NAMES as OPTIONS
from hepscope_capture.settings.option import PREFIX as CAPTURE
from hepscope_capture.settings.table import OPTIONS as CAPTURE_OPTIONS
from hepscope_common.settings import NESTED, PREFIX, Section
from hepscope_standalone.settings import StandaloneSettings

Schema = dict[str, object]

OF_THE_CHART = frozenset(
    {
        "data_dir",
        "ops.listen",
        "api.listen",
        "api.hosts",
        "metrics.listen",
        "store.dsn",
        "ingest.spool_dir",
        "bus.bootstrap_servers",
        "bus.tls",
        "bus.tls_ca_file",
        "bus.tls_cert_file",
        "bus.tls_key_file",
        "bus.sasl_mechanism",
        "bus.sasl_username",
        *(f"loki.{key}" for key in ("url", "tenant", "username")),
        *(f"api.loki_{key}" for key in ("url", "tenant", "username")),
    }
)
"""Settings that have a value of their own in the chart."""

BY_SERVICE = frozenset({"data_dir", "ingest.spool_dir"})
"""Those among them that are set as variables of a service in values.yaml."""

SHARED_KEYS = frozenset({"ingest.auth_keys", "ingest.rules.node_keys"})
"""Secrets that are lists, by which no type tells them."""

CAPTURE_SECRETS = frozenset(option.env for option in CAPTURE_OPTIONS if option.is_secret)

_BOUNDS = (
    (annotated_types.Ge, "ge", "minimum"),
    (annotated_types.Gt, "gt", "exclusiveMinimum"),
    (annotated_types.Le, "le", "maximum"),
    (annotated_types.Lt, "lt", "exclusiveMaximum"),
)


def definitions() -> dict[str, Schema]:
    """Return the definitions of values.schema.json that come from the settings."""
    names = dict(_walk(StandaloneSettings, ""))
    of_capture = {f"{CAPTURE}{name.upper()}" for name in OPTIONS} | {CONFIG}
    secret = {name for name, is_secret in names.items() if is_secret}
    plain = names.keys() - secret - OF_THE_CHART | BY_SERVICE
    hidden = names.keys() - OF_THE_CHART - {"store.password", "bus.sasl_password"}
    sections = [name for name in StandaloneSettings.model_fields if name not in ("ops", "store")]
    config = _object(StandaloneSettings, "")
    return {
        "config": config,
        "section": {"enum": sorted(name for name in sections if _is_section(name))},
        "variable": {"enum": sorted({*map(variable, plain)} | of_capture - CAPTURE_SECRETS)},
        "secretVariable": {"enum": sorted({*map(variable, hidden)} | of_capture - {CONFIG})},
    }


def variable(name: str) -> str:
    """Return the variable of a setting: ``bus.partitions`` is HEPSCOPE_BUS__PARTITIONS."""
    return PREFIX + name.upper().replace(".", NESTED)


def _is_section(name: str) -> bool:
    return _section_of(StandaloneSettings.model_fields[name]) is not None


def _walk(model: type[BaseModel], prefix: str) -> Iterator[tuple[str, bool]]:
    """Yield the dotted name of every setting, and whether it is a secret."""
    for key, field in model.model_fields.items():
        name = prefix + key
        section = _section_of(field)
        if section is not None:
            yield from _walk(section, f"{name}.")
        else:
            yield name, name in SHARED_KEYS or SecretStr in _types(field.annotation)


def _object(model: type[BaseModel], prefix: str) -> Schema:
    properties: dict[str, object] = {}
    for key, field in model.model_fields.items():
        name = prefix + key
        section = _section_of(field)
        if section is not None:
            inner = _object(section, f"{name}.")
            if inner["properties"]:
                properties[key] = inner
        elif name not in OF_THE_CHART | SHARED_KEYS and SecretStr not in _types(field.annotation):
            properties[key] = _leaf(field)
    return {"type": "object", "additionalProperties": False, "properties": properties}


def _section_of(field: FieldInfo) -> type[Section] | None:
    kind = field.annotation
    return kind if isinstance(kind, type) and issubclass(kind, Section) else None


def _types(annotation: object) -> set[object]:
    """Return an annotation's types, without what is around them, None left out."""
    origin = get_origin(annotation)
    if origin is Annotated:
        return _types(get_args(annotation)[0])
    if origin in (UnionType, typing.Union):
        return set().union(*(_types(one) for one in get_args(annotation))) - {NoneType}
    return {annotation}


def _leaf(field: FieldInfo) -> Schema:
    (kind, *_) = _types(field.annotation)
    if get_origin(kind) is Literal:
        return {"enum": list(get_args(kind))}
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return {"enum": [str(one) for one in kind]}
    if get_origin(kind) is tuple:
        return _list(get_args(kind)[0])
    if get_origin(kind) is dict:
        return {"type": "object", "additionalProperties": {"type": "string"}}
    if kind is bool:
        return {"type": "boolean"}
    if kind in (int, float):
        bounds: Mapping[str, object] = _bounds(field.metadata)
        return {"type": "integer" if kind is int else "number", **bounds}
    return {"type": "string"}


def _list(item: object) -> Schema:
    """Return the schema of a list: of tables, or of words, which may stand in one text too."""
    (kind, *_) = _types(item)
    if isinstance(kind, type) and issubclass(kind, Section):
        return {"type": "array", "items": _object(kind, "[].")}
    if kind in (int, float):
        return {"type": "array", "items": {"type": "number"}}
    return {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}


def _bounds(metadata: list[object]) -> Schema:
    return {
        word: getattr(one, attribute)
        for one in metadata
        for kind, attribute, word in _BOUNDS
        if isinstance(one, kind)
    }
