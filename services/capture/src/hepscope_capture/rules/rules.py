"""The rules of one agent in their order: cheap ones first, what remembers messages last.

A ``Rules`` remembers what it has seen and belongs to one thread; each thread compiles its own.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Self

from hep.protocols import RTCP_JSON, SIP
from hepscope_capture.decode.datagrams import Datagram
from hepscope_capture.rules.copies import CopyRules
from hepscope_capture.rules.limits import LimitRules
from hepscope_capture.rules.masks import masker_of
from hepscope_capture.rules.methods import MethodRules
from hepscope_capture.rules.payloads import PayloadRules
from hepscope_capture.rules.places import PlaceRules, PortRules
from hepscope_capture.rules.plan import RulePlan
from hepscope_capture.rules.reasons import Reason
from hepscope_capture.rules.rtcp_texts import mask_texts
from hepscope_capture.rules.users import UserRules

_Rule = Callable[[Datagram], Reason | None]


class Rules:
    """What is refused, and what is masked."""

    def __init__(self, plan: RulePlan) -> None:
        """Make the rules of a plan; raises ValueError with a line for the user."""
        self.counts: dict[str, int] = {reason.value: 0 for reason in Reason}
        """Messages refused, by reason."""
        self.masked = 0
        """Messages that a mask has changed."""
        self._masker = masker_of(plan.masks)
        self._rules = _wanted(plan)
        self.is_trivial = not self._rules and self._masker is None

    @classmethod
    def compile(cls, plan: RulePlan) -> Self:
        """Return the rules of a plan; raises ValueError with a line for the user."""
        return cls(plan)

    def apply(self, message: Datagram) -> Datagram | None:
        """Return the message as it may be sent, None and a count when it may not be.

        A message that a mask changes is copied.
        """
        for rule in self._rules:
            refusal = rule(message)
            if refusal is not None:
                self.counts[refusal] += 1
                return None
        masker, payload = self._masker, message.payload
        if masker is None:
            return message
        if message.kind == SIP:
            payload = masker.mask(payload)
        elif message.kind == RTCP_JSON and masker.numbers is not None:
            payload = mask_texts(payload, masker.numbers)
        if payload == message.payload:
            return message
        self.masked += 1
        return replace(message, payload=payload)


def _wanted(plan: RulePlan) -> list[_Rule]:
    """Return the rules that have something to say."""
    nothing = RulePlan()

    def sets(*names: str) -> bool:
        return any(getattr(plan, name) != getattr(nothing, name) for name in names)

    rules: list[_Rule] = []
    if sets("addresses", "exclude_addresses", "sources", "exclude_sources") or sets(
        "destinations", "exclude_destinations"
    ):
        rules.append(PlaceRules(plan).refusal)
    if plan.exclude_ports:
        rules.append(PortRules(plan).refusal)
    if plan.methods or plan.exclude_methods or plan.options_one_in > 1:
        rules.append(MethodRules(plan).refusal)
    if sets("users", "exclude_users", "from_users", "exclude_from_users") or sets(
        "to_users", "exclude_to_users"
    ):
        rules.append(UserRules(plan).refusal)
    if plan.include_payload or plan.exclude_payload:
        rules.append(PayloadRules(plan).refusal)
    if plan.dedup_ms:
        rules.append(CopyRules(plan).refusal)
    if plan.rate_limit or plan.rate_limit_source:
        rules.append(LimitRules(plan).refusal)
    return rules
