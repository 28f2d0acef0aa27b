"""The zone of the times in a text, by its IANA name."""

from datetime import UTC, tzinfo
from zoneinfo import ZoneInfo

from hepscope_query_api.problems import invalid


def zone_of(name: str) -> tzinfo:
    """Return a zone; raises ProblemError where no such zone is known here."""
    if name == "UTC":
        # There even where the system has no zones.
        return UTC
    try:
        return ZoneInfo(name)
    # Not found; no key at all; a folder of zones.
    except (KeyError, ValueError, OSError) as error:
        detail = f"tz: no zone is called “{name[:100]}”. Give an IANA name, as Europe/Berlin."
        raise invalid("tz", detail, expected=["UTC", "Europe/Berlin"]) from error
