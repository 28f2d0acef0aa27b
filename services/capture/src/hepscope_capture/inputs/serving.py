"""An input that listens, and its thread."""

import threading

from hepscope_capture.inputs.counts import ServingCounts
from hepscope_capture.inputs.input import InputError
from hepscope_capture.inputs.listen import Listen
from hepscope_capture.inputs.loop import DRAIN_SECONDS, Consumer, Loop, ServingPlan
from hepscope_capture.inputs.peers import Peers


class Server:
    """Listens from ``start`` to ``stop``."""

    def __init__(self, name: str, plan: ServingPlan, counts: ServingCounts) -> None:
        self.name = name
        self.counts = counts
        self.addresses: tuple[Listen, ...] = ()
        """Where it listens, once it does."""
        self._plan = plan
        self._peers = Peers(plan.peers)
        self._loop: Loop | None = None
        self._thread: threading.Thread | None = None
        self._is_stopped = False

    def start(self, consumer: Consumer) -> None:
        """Bind every address and begin. Raises InputError; nothing is left bound then."""
        loop = Loop(self._plan, self._peers, self.counts, consumer, self.name)
        try:
            loop.open()
        except InputError:
            loop.close()
            raise
        self.addresses = loop.addresses
        self._loop = loop
        self._thread = threading.Thread(target=loop.run, name=self.name, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Take what has arrived, then close everything."""
        loop, self._loop = self._loop, None
        self._is_stopped = True
        if loop is not None and self._thread is not None:
            loop.stop()
            self._thread.join(2 * DRAIN_SECONDS)
            loop.close()

    def trouble(self) -> str:
        """Return what keeps it from listening."""
        thread = self._thread
        if thread is not None and not thread.is_alive() and not self._is_stopped:
            return f"{self.name} has ended by itself"
        return ""
