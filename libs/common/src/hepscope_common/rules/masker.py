"""The masks of a SIP payload together: bytes in, as many bytes out, secrets overwritten.

Content-Length stays true because no length changes. The same payload always gives the same bytes.
Numbers come last, since they read what the other masks leave.
"""

from dataclasses import dataclass

from hep.sip import split
from hep.sip.head import head_bounds, head_start
from hepscope_common.rules.mask_bodies import hide_body, mask_dtmf, mask_media_keys
from hepscope_common.rules.mask_credentials import mask_credentials
from hepscope_common.rules.mask_numbers import NumberMask
from hepscope_common.rules.mask_text import headers_of
from hepscope_common.rules.methods import methods_of


@dataclass(frozen=True, slots=True)
class Masker:
    """Overwrites what is set."""

    body_methods: frozenset[str] = frozenset()
    dtmf: bool = False
    media_keys: bool = False
    credentials: bool = False
    usernames: bool = False
    numbers: NumberMask | None = None

    def mask(self, payload: bytes) -> bytes:
        """Return a SIP payload (one message or several) with secrets overwritten; never raises."""
        pieces = split(payload)
        if len(pieces) == 1:
            return self._message(payload)
        return b"".join(self._message(piece) for piece in pieces)

    def _message(self, payload: bytes) -> bytes:
        start = head_start(payload)
        end, at = head_bounds(payload, start)
        at = len(payload) if at < 0 else at
        body = self._body(payload, payload[at:].decode("latin-1")) if at < len(payload) else ""
        text = payload[:at].decode("latin-1") + body
        if self.credentials:
            text = mask_credentials(text, usernames=self.usernames)
        if self.media_keys:
            text = mask_media_keys(text)
        if self.numbers is not None:
            head, rest = self.numbers.message(text[start:end], text[at:])
            text = text[:start] + head + text[end:at] + rest
        return text.encode("latin-1")

    def _body(self, payload: bytes, body: str) -> str:
        if self.body_methods:
            methods = methods_of(payload)
            if methods.request in self.body_methods or methods.cseq in self.body_methods:
                return hide_body(body)
        if self.dtmf:
            start = head_start(payload)
            head = payload[start : head_bounds(payload, start)[0]].decode("latin-1")
            kinds = [one.text[one.value_at :] for one in headers_of(head)
                     if one.name == "Content-Type"]  # fmt: skip
            return mask_dtmf(body, kinds)
        return body
