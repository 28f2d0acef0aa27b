"""Texts, nothing and emptiness at every place of the values: refused, or what they are."""

import functools
import re
import tomllib
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from helm_python.errors import HelmError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft7Validator  # type: ignore[import-untyped]  # it has no types

from support import chart_wiring as wiring
from support.chart import (
    FULL,
    WITHOUT_FILES,
    Json,
    Objects,
    at,
    chart,
    containers,
    environment,
    named,
    of_kind,
    pod_of,
    render,
    rendered,
    shape,
    with_values,
)
from support.chart_checks import CHECKS

HOSTILE = (
    "",
    " ",
    "yes",
    "null",
    "~",
    "1e3",
    "0o17",
    '"',
    "'",
    "\\",
    "a: b",
    "- a",
    "#",
    "a\n---\nkind: Secret",
    "a\r\nb",
    "\n  privileged: true\n",
    "{{ .Values.kafka }}",
    '{{ fail "x" }}',
    "${HOME}",
    "$(RELEASE)",
    "%s%d",
    "&a *a !!binary |",
    "\t",
    "\u0085kind: Secret",
    "\u2028kind: Secret",
    "\x7f\x80\x9f",
    "\U0001f4de",
    "x" * 4000,
    '"""\n[bus]\npartitions = 1',
)
"""Texts that mean something to YAML, TOML, templates, shells or Kubernetes."""

TEXT = st.one_of(
    st.sampled_from(HOSTILE),
    st.text(st.characters(codec="utf-8"), max_size=60),
    st.text(alphabet="\n\r\t \"'{}[]:-#&*!|>%@`\\$(),\u0085\u2028\ufeff" + "ab", max_size=40),
)
SEVERAL = settings(
    max_examples=20,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


TEXT_PLACES: list[tuple[str, Callable[[Objects], Any]]] = [
    (
        "ingress.annotations",
        lambda o: of_kind(o, "Ingress")[0]["metadata"]["annotations"]["example.org/x"],
    ),
    (
        "serviceAccount.annotations",
        lambda o: of_kind(o, "ServiceAccount")[0]["metadata"]["annotations"]["example.org/x"],
    ),
    (
        "services.ingest.podAnnotations",
        lambda o: _ingest(o)["metadata"]["annotations"]["example.org/x"],
    ),
    (
        "services.ingest.external.udp.annotations",
        lambda o: named(o, "Service", "hepscope-calls-ingest-udp")["metadata"]["annotations"][
            "example.org/x"
        ],
    ),
]


def _ingest(objects: Objects) -> Json:
    return pod_of(named(objects, "StatefulSet", "hepscope-calls-ingest"))


@functools.cache
def _expected() -> list[tuple[str, str]]:
    return shape(render(WITHOUT_FILES))


@pytest.mark.parametrize(("place", "found"), TEXT_PLACES, ids=[place for place, _ in TEXT_PLACES])
@SEVERAL
@given(text=TEXT)
def test_any_text_is_an_annotation(place: str, found: Callable[[Objects], Any], text: str) -> None:
    """It arrives unchanged, and adds nothing."""
    objects = render(with_values(WITHOUT_FILES, at(place, {"example.org/x": text})))
    assert found(objects) == text
    assert shape(objects) == _expected()


@SEVERAL
@given(text=TEXT)
def test_any_text_is_a_setting(text: str) -> None:
    """In the file and as a variable; nothing else of the release changes."""
    own = {
        "config": {"ingest": {"tls_certificate": text, "tls_names": [text, text]}},
        "services": {
            "ingest": {"settings": {"HEPSCOPE_INGEST__TLS_KEY": text}, "args": [text]},
            "storageWriter": {"autoscaling": {"mode": "keda", "query": text or "x"}},
        },
    }
    objects = render(with_values(WITHOUT_FILES, own))
    (container,) = containers(_ingest(objects))
    assert environment(container)["HEPSCOPE_INGEST__TLS_KEY"] == text
    assert container["args"][2:] == [text]
    file = named(objects, "ConfigMap", "hepscope-calls-ingest")["data"]["hepscope.toml"]
    ingest = tomllib.loads(file)["ingest"]
    assert ingest["tls_certificate"] == text
    assert ingest["tls_names"] == [text, text]
    (scaled,) = of_kind(objects, "ScaledObject")
    assert scaled["spec"]["triggers"][0]["metadata"]["query"] == (text or "x")
    assert shape(objects) == _expected()
    (before,) = containers(_ingest(rendered(FULL)))
    for key in ("securityContext", "resources", "image", "ports", "volumeMounts"):
        assert container[key] == before[key]


def _leaves(schema: Json, path: str = "") -> dict[str, Json]:
    """Return the schemas that take a string, by the dotted path of the value."""
    whole = chart().schema
    assert whole is not None
    while "$ref" in schema:
        schema = whole["definitions"][schema["$ref"].rpartition("/")[2]]
    found: dict[str, Json] = {}
    for key, inner in schema.get("properties", {}).items():
        found |= _leaves(inner, f"{path}.{key}" if path else key)
    if schema.get("type") == "string":
        found[path] = schema
    return found


def _all_places(schema: Json, path: str = "") -> Iterator[tuple[str, Json]]:
    """Yield every value that has a name, with its schema."""
    whole = chart().schema
    assert whole is not None
    while "$ref" in schema:
        schema = whole["definitions"][schema["$ref"].rpartition("/")[2]]
    if path:
        yield path, schema
    for key, inner in schema.get("properties", {}).items():
        yield from _all_places(inner, f"{path}.{key}" if path else key)


def _top_level() -> list[str]:
    whole = chart().schema
    assert whole is not None
    return sorted(whole["properties"].keys() - {"config"})


@pytest.mark.parametrize("top", _top_level())
def test_what_is_taken_away_or_emptied_is_refused_or_right(top: str) -> None:
    """No null, list or map without anything in it leaves a hole in a release."""
    whole = chart().schema
    assert whole is not None
    said = {}
    for place, schema in _all_places(whole["properties"][top], top):
        empty: object = {"array": [], "object": {}}.get(schema.get("type", ""))
        for value in (None, empty):
            try:
                objects = render(with_values(WITHOUT_FILES, at(place, value)))
            except HelmError as refusal:
                said[place] = str(refusal)
                continue
            checks = [one for one in CHECKS if (place, one) not in OPENED]
            assert [error for check in checks for error in check(objects)] == [], (place, value)
    assert {place: text for place, text in said.items() if not WELL_SAID.search(text)} == {}


WELL_SAID = re.compile("meet the specifications of the schema|is empty|needs|does not have")
OPENED = {
    ("networkPolicy.prometheus.from", wiring.only_what_is_open_is_open),
    ("networkPolicy.ingressController.from", wiring.only_what_is_open_is_open),
}
"""Lists that say "from anywhere" when they are empty."""


def _string_places() -> dict[str, Json]:
    whole = chart().schema
    assert whole is not None
    # Of the settings file one place is as the other; test_any_text_is_a_setting looks closer.
    # What holds for the default of a service holds for the service.
    one = "config.ingest.tls_certificate"
    places = {
        path: schema
        for path, schema in _leaves(whole).items()
        if path == one or not path.startswith(("config.", "serviceDefaults.", "global"))
    }
    own = _leaves(whole["definitions"]["service"])
    return places | {f"services.ingest.{path}": schema for path, schema in own.items()}


PLACES = _string_places()


@pytest.mark.parametrize("place", PLACES)
def test_a_hostile_text_is_refused_or_stays_a_text(place: str) -> None:
    """At each place of the schema that takes one: the release is built as with any other text."""
    built = set()
    # Helm refuses what the place's schema refuses, and takes longer for it.
    judge = Draft7Validator(PLACES[place])
    for text in filter(judge.is_valid, HOSTILE):
        try:
            objects = render(with_values(WITHOUT_FILES, at(place, text)))
        except HelmError:
            continue
        assert [error for check in CHECKS for error in check(objects)] == []
        if text:
            built.add(repr(_skeleton(objects)))
    assert len(built) <= 1


def test_helm_refuses_what_the_schema_of_a_place_refuses() -> None:
    """So that the test above may ask the schema alone."""
    for place in ("postgresql.host", "kafka.sasl.passwordKey", "services.ingest.tmpSize"):
        judge = Draft7Validator(PLACES[place])
        for text in (text for text in HOSTILE if not judge.is_valid(text)):
            with pytest.raises(HelmError, match="schema"):
                render(with_values(WITHOUT_FILES, at(place, text)))


def _skeleton(found: object) -> object:
    """Return what an object is made of without its texts; settings files are read too."""
    if isinstance(found, dict):
        return {key: _skeleton(value) for key, value in found.items()}
    if isinstance(found, list):
        return [_skeleton(value) for value in found]
    if isinstance(found, str):
        return _skeleton(tomllib.loads(found)) if re.match(r"\[\w+\]\n", found) else "text"
    return found
