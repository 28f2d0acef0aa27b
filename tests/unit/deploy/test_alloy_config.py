"""Alloy's configuration, judged by what its documentation says of the components in use."""

import json
import re
from collections.abc import Iterator
from typing import Final

import pytest

from support.alloy import AlloyError, Block, parse, uncommented
from support.grafana import ROOT
from support.observability import mounts, services

COMPONENTS: Final = {
    "discovery.docker": {"host", "refresh_interval"},
    "discovery.relabel": {"targets"},
    "local.file_match": {"path_targets"},
    "logging": {"level", "format"},
    "loki.process": {"forward_to"},
    "loki.source.docker": {"host", "targets", "labels", "relabel_rules", "refresh_interval",
                           "forward_to"},
    "loki.source.file": {"targets", "forward_to"},
    "loki.write": set(),
    "prometheus.exporter.self": set(),
    "prometheus.exporter.unix": {"procfs_path", "sysfs_path", "rootfs_path"},
    "prometheus.remote_write": set(),
    "prometheus.scrape": {"targets", "scrape_interval", "forward_to"},
}  # fmt: skip
EXPORTS: Final = {
    "discovery.docker": {"targets"},
    "discovery.relabel": {"output", "rules"},
    "local.file_match": {"targets"},
    "loki.process": {"receiver"},
    "loki.write": {"receiver"},
    "prometheus.exporter.self": {"targets"},
    "prometheus.exporter.unix": {"targets"},
    "prometheus.remote_write": {"receiver"},
}
"""Components of Alloy that are used, with those of their arguments and exports that are."""


def alloy(*, with_voice: bool = False) -> Block:
    """Return the configuration, perhaps with the example for voice platforms in force."""
    text = (ROOT / "deploy/alloy/config.alloy").read_text()
    return parse(uncommented(text, "local.file_match") if with_voice else text)


@pytest.mark.parametrize("with_voice", [False, True])
def test_components_refer_to_each_other(with_voice: bool) -> None:
    """Every reference is an export of a component that is there; nothing ends in the void."""
    config = alloy(with_voice=with_voice)
    named = {f"{one.name}.{one.label}": one.name for one in config.blocks}
    assert len(named) == len(config.blocks)
    used = set()
    for one in config.blocks:
        assert set(one.attributes) <= COMPONENTS[one.name], one.name
        for expression in (text for part in one.walk() for text in part.attributes.values()):
            bare = re.sub(r'"(?:[^"\\]|\\.)*"', "", expression)
            for reference in re.findall(r"\b(?:discovery|loki|prometheus|local)\.[\w.]+", bare):
                owner, _, export = reference.rpartition(".")
                assert export in EXPORTS[named[owner]], reference
                used.add(owner)
    exporting = {name for name, kind in named.items() if kind in EXPORTS}
    assert exporting == used


def test_the_environment_that_alloy_reads_is_given() -> None:
    """An absent variable would be an empty address."""
    text = (ROOT / "deploy/alloy/config.alloy").read_text()
    asked = set(re.findall(r'sys\.env\("(\w+)"\)', text))
    assert asked == set(services()["alloy"]["environment"])


def test_alloy_finds_what_is_mounted_for_it() -> None:
    """The filter's socket, the host's file systems, the positions that outlive a restart."""
    places = mounts("alloy")
    unix = alloy().find("prometheus.exporter.unix").attributes
    assert {json.loads(text) for text in unix.values()} <= set(places)
    assert set(_hosts(alloy())) == {"unix:///run/docker-api/docker.sock"}
    storage = next(one for one in services()["alloy"]["command"] if "--storage.path" in one)
    assert places[storage.partition("=")[2]] == "alloy-data"
    voice = list(alloy(with_voice=True).find("local.file_match").strings())
    assert any(text.startswith("/var/log/voice/") for text in voice)
    assert "/var/log/voice" in places


def _hosts(config: Block) -> Iterator[str]:
    for one in config.walk():
        if "host" in one.attributes:
            yield json.loads(one.attributes["host"])


def test_labels_are_bounded() -> None:
    """Level by a closed list of words; Call-ID and logger lie beside the line."""
    for config in (alloy(), alloy(with_voice=True)):
        labels = [one.attributes["values"] for one in config.walk() if one.name == "stage.labels"]
        assert labels == ['{ level = "" }']
    pattern = alloy().find("loki.process").find("stage.regex").attributes["expression"]
    level = re.compile(json.loads(pattern))
    assert level.fullmatch("warning")
    assert not level.fullmatch("anything")


@pytest.mark.parametrize(
    ("line", "call_id"),
    [
        ("Nov 30 07:00:00 edge /usr/sbin/kamailio[7]: INFO: callid=a84b4c76e66710@pc33 m=INVITE",
         "a84b4c76e66710@pc33"),
        ("[Nov 30 07:00:00] VERBOSE[7][C-1]: Call-ID: 5f@192.0.2.1, answered", "5f@192.0.2.1"),
        ("no call here", None),
    ],
)  # fmt: skip
def test_the_example_for_voice_platforms_finds_call_ids(line: str, call_id: str | None) -> None:
    """In the form that it tells to log them in."""
    process = alloy(with_voice=True).find("loki.process", "voice")
    pattern = json.loads(process.find("stage.regex").attributes["expression"])
    found = re.search(pattern, line)
    assert (found["call_id"] if found else None) == call_id


@pytest.mark.parametrize("text", ["a {", "a = [1\n", "a = ", "a 7", "}", "a = (1]\n", 'a "b" = 1'])
def test_what_is_no_configuration_is_refused(text: str) -> None:
    """Or the checks above would say little."""
    with pytest.raises(AlloyError):
        parse(text)
