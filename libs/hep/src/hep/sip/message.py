"""A SIP message as read: the fields that call logic and search need, and every header by name.

All text is Unicode without NUL and lone surrogates: bytes that are not UTF-8 and NULs stand as
U+FFFD. `%xx` stays as written. body is raw.

Slots but not frozen: one is made for every message of the hot path, where frozen doubles the cost.
Nothing changes a message once it is parsed.
"""

from dataclasses import dataclass, field

from hep.sip.faults import Fault
from hep.sip.headers import Shape, canonical_name, header_row, split_list


@dataclass(slots=True)
class SipMessage:
    """Fields are "" (numbers None, status 0) where the message does not say; see faults.

    A request has a method, a response a status; a message without readable start line has neither.
    Hosts have no brackets, via_transport and content_type are lower case, expires is in seconds.
    """

    method: str = ""
    status: int = 0
    reason: str = ""
    request_uri: str = ""
    version: str = ""
    call_id: str = ""
    cseq: int | None = None
    cseq_method: str = ""
    from_user: str = ""
    from_domain: str = ""
    from_tag: str = ""
    from_display: str = ""
    to_user: str = ""
    to_domain: str = ""
    to_tag: str = ""
    to_display: str = ""
    ruri_user: str = ""
    ruri_domain: str = ""
    via_branch: str = ""
    via_transport: str = ""
    via_host: str = ""
    via_count: int = 0
    user_agent: str = ""
    contact: str = ""
    expires: int | None = None
    content_type: str = ""
    content_length: int | None = None
    body: bytes = b""
    faults: tuple[Fault, ...] = ()
    header_lines: list[str] = field(default_factory=list, repr=False)
    """Unfolded, in order, the start line left out, each perhaps with a CR at its end."""
    other_lines: list[str] = field(default_factory=list, repr=False)
    """Those of header_lines whose header is not ROUTINE."""

    @property
    def is_request(self) -> bool:
        """Whether the start line is that of a request."""
        return self.method != ""

    @property
    def headers(self) -> list[tuple[str, str]]:
        """Every header in order as (name, value); known names in their registered spelling.

        Made anew at each call: read it once.
        """
        return split_lines(self.header_lines)

    def get(self, name: str) -> str | None:
        """Return the value of the first header of that name (any case or compact), else None."""
        wanted = canonical_name(name).lower()
        return next((value for key, value in self.headers if key.lower() == wanted), None)

    def get_all(self, name: str) -> list[str]:
        """Return all values of that name in order, comma lists split where RFC 3261 has lists."""
        wanted = canonical_name(name).lower()
        values = [value for key, value in self.headers if key.lower() == wanted]
        row = header_row(name)
        if row is None or row.shape is not Shape.LIST:
            return values
        return [piece for value in values for piece in split_list(value)]


def split_lines(lines: list[str]) -> list[tuple[str, str]]:
    """Return (canonical name, value) of each line that has a colon, in order."""
    headers: list[tuple[str, str]] = []
    for line in lines:
        name, colon, value = line.partition(":")
        if colon:
            headers.append((canonical_name(name.rstrip(" \t")), value.strip(" \t\r")))
    return headers
