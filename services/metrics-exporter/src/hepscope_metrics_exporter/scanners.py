"""Scanners: programs that probe SIP servers, told by the User-Agent that they ship with.

Whoever hides changes it, so this counts the careless, which are most. The label is a word of the
table, never the header's text.
"""

from typing import Final

SCANNERS: Final = (
    "friendly-scanner",
    "sipvicious",
    "sipcli",
    "sip-scan",
    "sipscan",
    "sundayddr",
    "pplsip",
    "vaxsipuseragent",
    "eyebeam release 3006o",
    "iwar",
    "sipsak",
    "smap",
    "sivus",
    "sipptk",
    "siparmyknife",
    "gulp",
    "csipsimple scanner",
    "mr.sip",
    "nmap",
)
"""Words that begin or stand in a User-Agent of a scanner, in small letters."""

MAX_REMEMBERED = 4096


class Scanners:
    """Finds the scanner that a User-Agent names."""

    def __init__(self) -> None:
        self._remembered: dict[str, str | None] = {"": None}

    def find(self, user_agent: str) -> str | None:
        """Return the word of the table, None for everybody else."""
        try:
            return self._remembered[user_agent]
        except KeyError:
            pass
        small = user_agent[:256].lower()
        found = next((word for word in SCANNERS if word in small), None)
        if len(self._remembered) >= MAX_REMEMBERED:
            self._remembered = {"": None}
        self._remembered[user_agent] = found
        return found
