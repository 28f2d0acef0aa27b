"""What is wrong with a reader at present: for its readiness, and now and then for the log."""

from hepscope_common.bus.kafka_link import LogRelay
from hepscope_common.logs import Throttle, get_logger

_log = get_logger("bus.kafka")


class Trouble:
    """The last error of a reader of a group, until it is over."""

    def __init__(self, group: str, relay: LogRelay) -> None:
        self.reason = "not connected yet"
        """In words; empty while nothing is wrong."""
        self._group = group
        self._relay = relay
        self._throttle = Throttle(_log)

    def note(self, what: str, error: Exception) -> None:
        """Take an error in doing something."""
        self.reason = self._relay.take_refusal() or f"{type(error).__name__}: {error}"
        self._throttle.warning(what, "reader of %s (%s): %s", self._group, what, self.reason)

    def tell(self, what: str, text: str, *values: object) -> None:
        """Log what is no trouble to the reader itself, at most once in a while."""
        self._throttle.warning(what, text, *values)

    def over(self) -> None:
        """Note that all is well."""
        self.reason = ""
