"""Rules on SIP methods: requests by their start line, answers by their CSeq; and the sample."""

import zlib

from hep.protocols import SIP
from hep.sip import find_call_id
from hepscope_capture.decode.datagrams import Datagram
from hepscope_capture.rules.plan import RulePlan
from hepscope_capture.rules.reasons import Reason
from hepscope_common.rules.methods import methods_of

_OPTIONS = b"OPTIONS"
_LONGEST = 32
"""Letters of a method."""


class MethodRules:
    """Which methods are taken, and which part of OPTIONS."""

    def __init__(self, plan: RulePlan) -> None:
        self._methods = frozenset(method.encode() for method in plan.methods)
        self._excluded = frozenset(method.encode() for method in plan.exclude_methods)
        self._one_in = plan.options_one_in

    def refusal(self, message: Datagram) -> Reason | None:
        """Return why a message is not taken, None when it is or is no SIP."""
        if message.kind != SIP:
            return None
        payload = message.payload
        method = method_of(payload)
        if method in self._excluded or (self._methods and method not in self._methods):
            return Reason.METHOD
        if self._one_in > 1 and method == _OPTIONS:
            return self._sampled(payload)
        return None

    def _sampled(self, payload: bytes) -> Reason | None:
        """Decide by the Call-ID, so that request and answers go together on every machine."""
        call_id = find_call_id(payload)
        is_taken = not call_id or zlib.crc32(call_id) % self._one_in == 0
        return None if is_taken else Reason.SAMPLED


def method_of(payload: bytes) -> bytes:
    """Return a request's method, or that which an answer is to, in capitals; b"" of neither."""
    word = payload[: max(payload.find(b" ", 0, _LONGEST + 1), 0)]
    if word.isalpha():
        return word.upper()
    methods = methods_of(payload)
    return (methods.request or methods.cseq).encode()
