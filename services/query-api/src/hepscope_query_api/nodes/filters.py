"""Filters of the list of nodes: over ``item``, the node, and ``report``, what is said of it."""

from collections.abc import Mapping

from hepscope_query_api.query.bind import Bind
from hepscope_query_api.query.pattern import parse_pattern
from hepscope_query_api.query.predicates import (
    Predicate,
    choice_field,
    number_field,
    text_field,
    time_field,
)

KINDS = ("node", "address", "other")


def _told(having: str) -> str:
    """Return the SQL that is true for items of which a report that counts is so."""
    return (
        "exists (select from report where report.kind = item.kind and report.name = item.name "
        f"and {having})"
    )


def _key_field(column: str) -> Predicate:
    """A key of a JSON object that some living instance reports, or a pattern of one."""

    def predicate(value: str, bind: Bind) -> str:
        if not value:
            any_key = _told(f"is_living and {column} <> '{{}}'")
            return f"not {any_key}"
        pattern = parse_pattern(value)
        if pattern.exact is not None:
            return _told(f"is_living and {column} ? {bind(pattern.exact)}")
        keys = f"select from jsonb_object_keys({column}) key where key like {bind(pattern.like)}"
        return _told(f"is_living and exists ({keys})")

    return predicate


def _instance(value: str, bind: Bind) -> str:
    """An instance that reports it, living or not."""
    named = text_field("instance")
    return _told(f"({named(value, bind)})") if value else f"not {_told('true')}"


def _version(value: str, bind: Bind) -> str:
    """A HEP version among those that a living instance has seen."""
    if not value:
        any_version = _told("is_living and hep_versions <> '{}'")
        return f"not {any_version}"
    wanted = number_field("version")(value, bind)
    return _told(f"is_living and exists (select from unnest(hep_versions) version where {wanted})")


FILTERS: Mapping[str, Predicate] = {
    "kind": choice_field({kind: f"kind = '{kind}'" for kind in KINDS}),
    "name": text_field("name"),
    "node_id": number_field("node_id"),
    "first_seen": time_field("first_seen"),
    "last_seen": time_field("last_seen"),
    "last_refused": time_field("last_refused"),
    "hep_version": number_field("hep_version"),
    "packet_count": number_field("packet_count"),
    "refusals": _key_field("refused"),
    "hep_versions": _version,
    "quirks": _key_field("quirks"),
    "instances": _instance,
}
