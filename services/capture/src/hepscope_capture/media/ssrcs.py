"""Whose SSRC it is: 32 random bits, which a few devices choose the same for every call."""

from hepscope_capture.media.call import Call

MAX_CALL_SSRCS = 16


class SsrcOwners:
    """The call that had each SSRC last."""

    def __init__(self) -> None:
        """Know none."""
        self._owners: dict[int, Call] = {}
        self._shared: set[int] = set()
        """Those that more than one call has had: they tell no call by themselves."""

    def __len__(self) -> int:
        """Return how many are known."""
        return len(self._owners)

    def add(self, call: Call, ssrc: int) -> None:
        """Note that a call has an SSRC; 0 is none."""
        owner = self._owners.get(ssrc)
        if owner is call or not ssrc:
            return
        if owner is not None:
            self._shared.add(ssrc)
            owner.ssrcs = tuple(one for one in owner.ssrcs if one != ssrc)
        if len(call.ssrcs) >= MAX_CALL_SSRCS:
            self._drop(call.ssrcs[0])
            call.ssrcs = call.ssrcs[1:]
        call.ssrcs += (ssrc,)
        self._owners[ssrc] = call

    def forget(self, call: Call) -> None:
        """Forget those of a call."""
        for ssrc in call.ssrcs:
            self._drop(ssrc)
        call.ssrcs = ()

    def has(self, call: Call, ssrc: int) -> bool:
        """Whether a call had an SSRC last."""
        return self._owners.get(ssrc) is call

    def only(self, ssrc: int) -> Call | None:
        """Return the call of an SSRC that no other call has had."""
        return None if ssrc in self._shared else self._owners.get(ssrc)

    def _drop(self, ssrc: int) -> None:
        self._owners.pop(ssrc, None)
        self._shared.discard(ssrc)
