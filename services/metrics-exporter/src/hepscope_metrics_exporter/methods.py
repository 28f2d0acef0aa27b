"""SIP methods as label values: the registered ones, and ``other`` for all else."""

from collections.abc import Iterable

from hepscope_common.calls.methods import METHODS
from hepscope_common.metrics import OTHER


class MethodLabels:
    """Maps the method of a message to a label value of a closed set."""

    def __init__(self, extensions: Iterable[str] = ()) -> None:
        self.values = (*METHODS, *extensions, OTHER)
        self._known = {name: name for name in self.values}

    def label(self, method: str) -> str:
        """Return the method itself if it is known, else ``other``."""
        return self._known.get(method, OTHER)


def status_class(status: int) -> str:
    """Return ``1xx`` to ``6xx``, or ``other`` for a code outside of 100 to 699."""
    return f"{status // 100}xx" if 100 <= status <= 699 else OTHER


STATUS_CLASSES = ("1xx", "2xx", "3xx", "4xx", "5xx", "6xx", OTHER)
