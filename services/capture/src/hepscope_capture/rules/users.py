"""Rules on users and numbers: patterns with * (any characters) and ? (one), blind to case.

A list that takes wants one of its patterns matched, a list that excludes none. Escapes (``%2B``)
count as what they stand for.
"""

import re
from collections.abc import Sequence
from fnmatch import translate
from urllib.parse import unquote

from hep.protocols import SIP
from hep.sip import parse
from hepscope_capture.decode.datagrams import Datagram
from hepscope_capture.rules.plan import RulePlan
from hepscope_capture.rules.reasons import Reason

_LONGEST = 256
"""Characters of a user that are looked at; with so few no pattern takes long."""


class UserRules:
    """Who may take part."""

    def __init__(self, plan: RulePlan) -> None:
        # Of each: patterns, whether one must match, whether From and whether the others count.
        lists = (
            (plan.users, True, True, True),
            (plan.exclude_users, False, True, True),
            (plan.from_users, True, True, False),
            (plan.exclude_from_users, False, True, False),
            (plan.to_users, True, False, True),
            (plan.exclude_to_users, False, False, True),
        )
        self._rules = [
            (_compiled(patterns), wanted, of_from, of_to)
            for patterns, wanted, of_from, of_to in lists
            if patterns
        ]

    def refusal(self, message: Datagram) -> Reason | None:
        """Return why a message is not taken, None when it is or is no SIP."""
        if message.kind != SIP:
            return None
        sip = parse(message.payload)
        caller = (_plain(sip.from_user),)
        called = (_plain(sip.to_user), _plain(sip.ruri_user))
        for pattern, wanted, of_from, of_to in self._rules:
            users = (*(caller if of_from else ()), *(called if of_to else ()))
            if any(map(pattern.match, users)) is not wanted:
                return Reason.USER
        return None


def _plain(user: str) -> str:
    return unquote(user[:_LONGEST]) if "%" in user else user[:_LONGEST]


def _compiled(patterns: Sequence[str]) -> re.Pattern[str]:
    # A bracket is a character like any other: users are no file names.
    texts = (translate(pattern.replace("[", "[[]")) for pattern in patterns)
    return re.compile("|".join(texts), re.IGNORECASE)
