"""Contents: what a ladder shows of the payload of a message, beside its typed columns."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from hep.sip import SipMessage, parse, sdp_of
from hep.sip.headers import split_list
from hepscope_common.calls.reason_header import reason_text
from hepscope_common.calls.sdp_summary import SdpSummary, summary_of


class Contents(NamedTuple):
    """``sdp`` is None and ``reason`` "" where the message has none that can be read."""

    sdp: SdpSummary | None = None
    reason: str = ""


@dataclass(slots=True)
class ContentsReader:
    """Reads the messages of one ladder; a description that comes again is read once."""

    _summaries: dict[bytes, SdpSummary | None] = field(default_factory=dict)

    def read(self, payload: bytes) -> Contents:
        """Return the contents of a SIP message, whatever it holds."""
        message = parse(payload)
        body = sdp_of(message)
        if body is not None and body not in self._summaries:
            self._summaries[body] = summary_of(body)
        sdp = None if body is None else self._summaries[body]
        return Contents(sdp, reason_text(_reasons(message)))


def _reasons(message: SipMessage) -> Iterator[str]:
    # One look at the few lines that are not in every message, rather than at all headers.
    for line in message.other_lines:
        name, _, value = line.partition(":")
        if name.strip().lower() == "reason":
            yield from split_list(value)
