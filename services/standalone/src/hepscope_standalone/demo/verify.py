"""What became of what was sent, as the server says it: packets stored and refused by node."""

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import ProxyHandler, Request, build_opener

from hepscope_capture.clock import Clock
from hepscope_standalone.demo.network import NODES

TIMEOUT_SECONDS = 5.0
LOOK_SECONDS = 0.5
PATIENCE_SECONDS = 15.0
"""Without any progress; what was refused is reported every ten seconds."""

NODES_PATH = "/api/v1/nodes?limit=1000"
_NAMES = frozenset(node.name for node in NODES)


class UnknownFateError(Exception):
    """The server could not be asked; the text says why."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Packets of the demo's nodes since ever: stored, and refused by reason."""

    stored: int = 0
    refused: Counter[str] = field(default_factory=Counter)

    def since(self, before: "Standing") -> "Standing":
        """Return what came after an earlier standing."""
        # A server that began anew counts its refusals from 0.
        return Standing(max(0, self.stored - before.stored), self.refused - before.refused)

    @property
    def known(self) -> int:
        """How many packets it tells the fate of."""
        return self.stored + self.refused.total()


Ask = Callable[[], Standing]


def asker(page: str) -> Ask:
    """Return a function that asks the API of a page; it raises UnknownFateError."""
    # Never through a proxy: the page is as near as the HEP port.
    opener = build_opener(ProxyHandler({}))
    # What it names is the user's own choice, as with any command line.
    request = Request(  # noqa: S310
        page.rstrip("/") + NODES_PATH, headers={"Accept": "application/json"}
    )

    def ask() -> Standing:
        try:
            with opener.open(request, timeout=TIMEOUT_SECONDS) as answer:
                return standing_of(json.load(answer))
        except HTTPError as error:
            raise UnknownFateError(f"{page} answers {error.code}") from None
        except (URLError, OSError) as error:
            raise UnknownFateError(f"{page} does not answer ({_cause(error)})") from None
        except (ValueError, KeyError, TypeError, AttributeError):
            raise UnknownFateError(f"{page} is no page of hepscope") from None

    return ask


def standing_of(answer: dict[str, Any]) -> Standing:
    """Return what a list of nodes says of the demo's; raises KeyError and the like for others."""
    nodes = [node for node in answer["items"] if node["name"] in _NAMES]
    refused: Counter[str] = Counter()
    for node in nodes:
        refused.update(node["refusals"])
    return Standing(sum(node["packet_count"] for node in nodes), refused)


def standing(ask: Ask) -> Standing | UnknownFateError:
    """Return what the server tells, or why it tells nothing."""
    try:
        return ask()
    except UnknownFateError as error:
        return error


def settled(ask: Ask, before: Standing, sent: int, clock: Clock) -> Standing:
    """Return what became of the packets sent since ``before``, once nothing more changes.

    A server that is busy storing them may leave a question or two without an answer. Raises
    UnknownFateError when it still does after all patience.
    """
    newest = None
    changed = clock.elapsed_seconds()
    while True:
        found = standing(ask)
        if isinstance(found, Standing) and found != newest:
            newest, changed = found, clock.elapsed_seconds()
            if found.since(before).known >= sent:
                break
        if clock.elapsed_seconds() - changed >= PATIENCE_SECONDS:
            break
        clock.sleep(LOOK_SECONDS)
    if isinstance(found, UnknownFateError):
        raise found
    return found.since(before)


def _cause(error: OSError) -> str:
    reason = getattr(error, "reason", error)
    return getattr(reason, "strerror", None) or str(reason)
