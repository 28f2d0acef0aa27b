"""Field rules: ``field=pattern`` over what a packet says of its parties, places and node."""

import ipaddress
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from hep.sip import SipMessage, parse
from hepscope_common.rules.networks import Membership
from hepscope_ingest.rules.patterns import compile_pattern, matches

_SIP_FIELDS: dict[str, Callable[[SipMessage], str]] = {
    "method": lambda message: message.cseq_method or message.method,
    "call_id": lambda message: message.call_id,
    "from_user": lambda message: message.from_user,
    "from_domain": lambda message: message.from_domain,
    "to_user": lambda message: message.to_user,
    "to_domain": lambda message: message.to_domain,
    "ruri_user": lambda message: message.ruri_user,
    "ruri_domain": lambda message: message.ruri_domain,
    "user_agent": lambda message: message.user_agent,
}
_PLACES = ("source", "destination", "peer")
FIELDS = (*_SIP_FIELDS, *_PLACES, "node")
"""Every field that a rule may name."""


@dataclass(slots=True)
class Subject:
    """What rules look at: packed addresses (b"" = not said), node, payload; SIP is parsed once."""

    payload: bytes
    is_sip: bool
    node: str
    places: dict[str, bytes]
    _message: SipMessage | None = field(default=None)

    @property
    def message(self) -> SipMessage:
        """The payload as SIP."""
        if self._message is None:
            self._message = parse(self.payload)
        return self._message


@dataclass(frozen=True, slots=True)
class FieldRule:
    """A field, and the pattern or network that it is compared with."""

    name: str
    text: str
    pattern: re.Pattern[str] | None = None
    network: Membership | None = None

    def __str__(self) -> str:
        return f"{self.name}={self.text}"

    def applies(self, subject: Subject) -> bool:
        """Tell whether the subject can have the field at all."""
        return subject.is_sip or self.name not in _SIP_FIELDS

    def matches(self, subject: Subject) -> bool:
        """Tell whether the field matches; one that does not apply never does."""
        if self.network is not None:
            return subject.places[self.name] in self.network
        if self.pattern is None or not self.applies(subject):
            return False
        read = _SIP_FIELDS.get(self.name)
        return matches(self.pattern, subject.node if read is None else read(subject.message))


def parse_field_rule(value: object) -> object:
    """Return the FieldRule of ``field=pattern`` text; raises ValueError that says what is wrong."""
    if not isinstance(value, str):
        return value
    name, sign, text = (part.strip() for part in value.partition("="))
    if not sign or name not in FIELDS:
        raise ValueError(f"{value!r}: expected field=pattern, the field one of {', '.join(FIELDS)}")
    if name not in _PLACES:
        return FieldRule(name, text, pattern=compile_pattern(text))
    try:
        return FieldRule(name, text, network=Membership([ipaddress.ip_network(text)]))
    except ValueError as error:
        raise ValueError(f"{value!r}: {error}") from None


class FieldRules:
    """Rules that drop and rules that keep."""

    __slots__ = ("_drop", "_keep")

    def __init__(self, drop: Sequence[FieldRule], keep: Sequence[FieldRule]) -> None:
        self._drop = drop
        self._keep = keep

    def allow(self, subject: Subject) -> bool:
        """Tell whether no rule drops the subject, and one keeps it where any could."""
        if any(rule.matches(subject) for rule in self._drop):
            return False
        keep = [rule for rule in self._keep if rule.applies(subject)]
        return not keep or any(rule.matches(subject) for rule in keep)
