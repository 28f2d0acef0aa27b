"""Which calls claim an address; both sides of that are bounded, the oldest goes first."""

from hepscope_capture.media.call import Call
from hepscope_capture.media.offers import Claim

MAX_CALL_KEYS = 64
MAX_KEY_CALLS = 8
CONTENDERS = 2
"""So many calls may have one address in earnest: the two legs of a B2BUA, the old and the new."""


class Claimants:
    """Calls by the addresses that they claim; keeps ``Call.claims``, too."""

    def __init__(self) -> None:
        """Know none."""
        self._calls: dict[bytes, tuple[Call, ...]] = {}
        """By key, the newest last."""

    def __len__(self) -> int:
        """Return how many addresses are claimed."""
        return len(self._calls)

    def of(self, key: bytes) -> tuple[Call, ...]:
        """Return the calls that claim an address, the newest last."""
        return self._calls.get(key, ())

    def is_crowded(self, key: bytes) -> bool:
        """Whether more calls claim an address than can have it."""
        return len(self.of(key)) > CONTENDERS

    def add(self, call: Call, claim: Claim, time_us: int) -> None:
        """Note a claim; made again it is the newest, for the better of both reasons."""
        key, evidence, is_secure = claim
        known = call.claims.pop(key, None)
        if known is None:
            if len(call.claims) >= MAX_CALL_KEYS:
                self._remove(call, next(iter(call.claims)))
        elif known[0] < evidence:
            evidence = known[0]
        call.claims[key] = (evidence, is_secure, time_us)
        others = self._calls.get(key)
        if others is None:
            self._calls[key] = (call,)
        elif others[-1] is not call:
            others = tuple(other for other in others if other is not call)
            for oldest in others[: max(0, len(others) - MAX_KEY_CALLS + 1)]:
                oldest.claims.pop(key, None)
            self._calls[key] = (*others[-MAX_KEY_CALLS + 1 :], call)

    def forget(self, call: Call) -> None:
        """Forget the claims of a call."""
        for key in list(call.claims):
            self._remove(call, key)

    def _remove(self, call: Call, key: bytes) -> None:
        call.claims.pop(key, None)
        left = tuple(other for other in self.of(key) if other is not call)
        if left:
            self._calls[key] = left
        else:
            self._calls.pop(key, None)
