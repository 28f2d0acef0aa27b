"""Whether a capture does what it is for: each part says so, and in words why not."""

from collections.abc import Sequence

from hepscope_capture.delivery.destination import Destination
from hepscope_capture.inputs.input import Input
from hepscope_capture.live.interface import Interface
from hepscope_capture.live.ops import Readiness
from hepscope_capture.live.parts import Parts

UNREACHABLE_SECONDS = 30.0
"""A server that takes nothing for so long makes the capture not ready."""


def checks_of(parts: Parts) -> dict[str, Readiness]:
    """Return the checks of a run, by part."""
    found: dict[str, Readiness] = {}
    if parts.interfaces:
        found["interfaces"] = lambda: _interfaces(parts.interfaces)
    if parts.router.destinations:
        found["server"] = lambda: _servers(parts.router.destinations)
    if parts.inputs:
        found["inputs"] = lambda: _inputs(parts.inputs)
    return found


def _interfaces(interfaces: Sequence[Interface]) -> tuple[bool, str]:
    """Say whether any interface is captured; what is wrong with the others is told."""
    wrong = [one.name for one in interfaces if not (one.is_open and one.is_up)]
    why = f"not up: {', '.join(wrong)}" if wrong else ""
    return len(wrong) < len(interfaces), why


def _servers(destinations: Sequence[Destination]) -> tuple[bool, str]:
    """Say whether any destination takes something; what is wrong with the others is told."""
    stuck = [(one, one.stuck_seconds()) for one in destinations]
    wrong = [
        f"{one.name} takes nothing for {seconds:.0f} s"
        for one, seconds in stuck
        if seconds >= UNREACHABLE_SECONDS
    ]
    return len(wrong) < len(destinations), "; ".join(wrong)


def _inputs(inputs: Sequence[Input]) -> tuple[bool, str]:
    troubles = [f"{one.name}: {trouble}" for one in inputs if (trouble := one.trouble())]
    return not troubles, "; ".join(troubles)
