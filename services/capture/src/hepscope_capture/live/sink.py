"""What inputs bring, on its way to the servers; called by their threads, several at once."""

import threading
from collections.abc import Callable, Sequence

from hepscope_capture.decode.datagrams import Datagram
from hepscope_capture.delivery.router import Router
from hepscope_capture.frame_counts import FrameCounts
from hepscope_capture.inputs.input import Position
from hepscope_capture.live.agent import Show
from hepscope_capture.packer import Packer
from hepscope_capture.packets import Labels
from hepscope_capture.rules.rules import Rules


class InputSink:
    """Rules and encoder for messages; packets pass as they are."""

    def __init__(
        self,
        labels: Labels,
        counts: FrameCounts,
        rules: Callable[[], Rules],
        router: Router,
        show: Show | None = None,
    ) -> None:
        """Make a sink; ``rules`` gives those in force for it alone, ``counts`` are its own."""
        self.counts = counts
        self._packer = Packer(labels, counts)
        self._rules = rules
        self._router = router
        self._show = show
        self._lock = threading.Lock()

    def take_messages(self, messages: Sequence[Datagram]) -> None:
        """Send messages, each kind in its order."""
        packets: dict[int, list[bytes]] = {}
        with self._lock:
            rules = self._rules()
            for message in messages:
                taken = rules.apply(message)
                if taken is None:
                    continue
                if self._show is not None:
                    self._show(taken)
                packet = self._packer.pack(taken, taken.time_us)
                if packet is not None:
                    packets.setdefault(taken.kind, []).append(packet)
        for kind, found in packets.items():
            self._router.put(found, kind)

    def take_packets(self, packets: Sequence[bytes], kind: int) -> None:
        """Send packets as they are."""
        self._router.put(packets, kind)

    def position(self) -> Position:
        """Return the place behind everything that was taken so far."""
        return self._router.position()

    def is_safe(self, position: Position) -> bool:
        """Say whether all before a place is delivered or on disk, at every server."""
        return self._router.is_safe(position)
