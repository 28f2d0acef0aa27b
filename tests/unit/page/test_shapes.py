"""The shapes that the page writes down of the API's answers are those of docs/openapi.json."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

import pytest

from support.page_sources import FRONTEND, modules

SCHEMAS: Final[Mapping[str, Any]] = json.loads(
    (FRONTEND.parent / "docs" / "openapi.json").read_text(encoding="utf-8")
)["components"]["schemas"]

SHAPES: Final = {
    ("js/api.js", "Endpoint"): "Endpoint",
    ("js/api.js", "Call"): "CallDetail",
    ("js/api.js", "Message"): "Message",
    ("js/api.js", "MediaPoint"): "MediaPoint",
    ("js/api.js", "MediaStream"): "MediaStream",
    ("js/api.js", "CallMedia"): "CallMedia",
    ("js/api.js", "LogLine"): "LogLine",
    ("js/api.js", "LogSource"): "LogSource",
    ("js/api.js", "CallLogs"): "CallLogs",
    ("js/calls/seen.js", "Seen"): "FieldValue",
    ("js/calls/seen.js", "SeenValues"): "FieldValues",
    ("js/calls/outcomes.js", "Answer"): "Outcomes",
    ("js/home/hops.js", "Hop"): "HopItem",
    ("js/home/hops.js", "Hops"): "Hops",
    ("js/home/hops.js", "Ingest"): "IngestItem",
    ("js/home/hops.js", "Listener"): "Listener",
    ("js/home/hops.js", "NodeHops"): "NodeHops",
    ("js/ladder/flow.js", "Arrow"): "Arrow",
    ("js/ladder/flow.js", "Copy"): "Sighting",
    ("js/ladder/flow.js", "Flow"): "FlowView",
    ("js/ladder/flow.js", "Host"): "Host",
    ("js/ladder/flow.js", "Leg"): "Leg",
    ("js/ladder/flow.js", "Sdp"): "Sdp",
    ("js/ladder/flow.js", "SdpMedia"): "SdpMedia",
    ("js/lists/nodes.js", "HepNode"): "Node",
    ("js/lists/registrations.js", "Registration"): "Registration",
    ("js/overview/data.js", "Before"): "WeekBefore",
    ("js/overview/data.js", "Cluster"): "FailureCluster",
    ("js/overview/data.js", "Media"): "MediaMeans",
}
"""What is written down where, and what the API calls it."""

PROPERTY: Final = re.compile(r"@property\s+")


def braced(text: str, at: int) -> str:
    """Return what stands between the brace at a place and the one that closes it."""
    depth = 0
    for end in range(at, len(text)):
        depth += {"{": 1, "}": -1}.get(text[end], 0)
        if depth == 0:
            return text[at + 1 : end]
    raise AssertionError(f"a brace is not closed: {text[at : at + 80]}")


def parted(text: str) -> Iterator[str]:
    """Yield the members of an inline shape."""
    depth, begin = 0, 0
    for at, character in enumerate(text):
        depth += {**dict.fromkeys("{<([", 1), **dict.fromkeys("}>)]", -1)}.get(character, 0)
        if character == "," and depth == 0:
            yield text[begin:at]
            begin = at + 1
    yield text[begin:]


def members(text: str, name: str) -> dict[str, str]:
    """Return the members of a typedef with their types; one that may be missing ends with `?`."""
    listed = re.search(rf"@typedef \{{object\}} {name}\b(.*?)\*/", text, re.DOTALL)
    if listed is not None:
        body = listed[1]
        found = {}
        for match in PROPERTY.finditer(body):
            kind = braced(body, match.end())
            rest = body[match.end() + len(kind) + 2 :].split()[0]
            found[rest.strip("[]")] = f"{kind}?" if rest.startswith("[") else kind
        return found
    for match in re.finditer(r"@typedef\s+\{", text):
        kind = braced(text, match.end() - 1)
        if re.match(rf"\s+{name}\b", text[match.end() + len(kind) + 1 :]):
            return {
                key.strip().strip('?" *\n'): f"{value}?" if key.strip().endswith("?") else value
                for key, _, value in (part.partition(":") for part in parted(kind.strip()[1:-1]))
            }
    raise AssertionError(f"there is no typedef {name}")


def allows_null(schema: Mapping[str, Any]) -> bool:
    """Return whether a member may be null."""
    return any(one.get("type") == "null" for one in schema.get("anyOf", ()))


@pytest.mark.parametrize(("path", "name"), SHAPES, ids=lambda one: one)
def test_members_are_those_of_the_api(path: str, name: str) -> None:
    """Each member is one of the API's; where that may be null, the page knows it."""
    properties = SCHEMAS[SHAPES[path, name]]["properties"]
    found = members(modules()[path], name)

    assert found
    assert found.keys() - properties.keys() == set()
    unaware = {
        key
        for key, kind in found.items()
        if allows_null(properties[key]) and "null" not in kind and not kind.endswith("?")
    }
    assert unaware == set()
