"""The scene: a clock, a source of chance, and the capture that keeps what is said.

Times are microseconds since the Unix epoch. A scene's clock moves only by ``wait`` and by the way
of each message, so a scenario reads as a script; no real time is involved.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from random import Random

from hep.protocols import SIP
from hepscope_standalone.demo.network import Host, Node

# When an unanswered request over UDP is sent again: T1 of RFC 3261 doubled, without a limit for
# an INVITE (17.1.1.2), up to T2 for others (17.1.2.2) and for a 200 that gets no ACK (13.3.1.4).
INVITE_RESEND_SECONDS = (0.5, 1.5, 3.5, 7.5, 15.5, 31.5)
RESEND_SECONDS = (0.5, 1.5, 3.5, 7.5, 11.5, 15.5, 19.5, 23.5, 27.5, 31.5)

# What a device needs to think about a message before it goes on.
HANDLING_US = (300, 1_200)


@dataclass(frozen=True, slots=True)
class Capture:
    """What one node saw: what becomes one HEP packet, of HEP protocol type ``protocol``."""

    time_us: int
    node: Node
    source: Host
    destination: Host
    transport: str
    call_id: str
    payload: bytes
    protocol: int = SIP


@dataclass(frozen=True, slots=True)
class Planned:
    """What a scenario means to show: the record that the call logic must come to."""

    call_id: str
    scenario: str
    method: str
    status: int | None
    state: str


@dataclass(frozen=True, slots=True)
class Sent:
    """A message on its way over one hop, so that it can be sent again."""

    time_us: int
    way_us: int
    source: Host
    destination: Host
    transport: str
    call_id: str
    payload: bytes


class Scene:
    """Collects the captures and plans of one scenario that begins at ``now_us``."""

    def __init__(self, random: Random, now_us: int, salt: str = "") -> None:
        self.random = random
        self.now_us = now_us
        self.captures: list[Capture] = []
        self.planned: list[Planned] = []
        self._salt = f"{salt:0>8}"

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self.now_us += round(seconds * 1_000_000)

    def pause(self, least: float, most: float) -> None:
        """Let between ``least`` and ``most`` seconds pass."""
        self.wait(self.random.uniform(least, most))

    def token(self, digits: int = 8) -> str:
        """Return something that only this scene has."""
        return f"{self.random.getrandbits(4 * digits):0{digits}x}"

    def new_call_id(self, host: Host) -> str:
        """Return a Call-ID in the manner of the device; the salt is in each."""
        salt, agent = self._salt, host.user_agent
        if agent.startswith(("FreeSWITCH", "Linphone", "JsSIP", "Sansay")):
            groups = (salt[:4], f"4{salt[4:7]}", f"a{self.token(3)}", salt[7:] + self.token(11))
            return "-".join([self.token(), *groups])
        if agent.startswith("Yealink"):
            return f"0_{self.random.randrange(10**9, 10**10)}-{salt}@{host.inside or host.address}"
        if agent.startswith("snom"):
            return f"{salt}{self.token(14)}-{self.token(12)}"
        return f"{self.token(14)}.{salt}@{host.inside or host.address}"

    def carry(
        self, source: Host, destination: Host, transport: str, call_id: str, payload: bytes
    ) -> Sent:
        """Take a message over one hop; the clock then stands at its arrival."""
        usual_ms = max(source.delay_ms, destination.delay_ms)
        way_us = round(usual_ms * self.random.uniform(800, 1600))
        sent = Sent(self.now_us, way_us, source, destination, transport, call_id, payload)
        self._capture(sent, self.now_us)
        self.now_us += way_us + round(self.random.uniform(*HANDLING_US))
        return sent

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Let what happens in the block take no time: it runs beside the main line of events."""
        now_us = self.now_us
        yield
        self.now_us = now_us

    def resend(self, sent: Sent, seconds_after: Sequence[float]) -> None:
        """Send a message again, so many seconds after the first time; the clock stays."""
        for seconds in seconds_after:
            self._capture(sent, sent.time_us + round(seconds * 1_000_000))

    def see(
        self,
        node: Node,
        ends: tuple[Host, Host],
        call_id: str,
        payload: bytes,
        *,
        protocol: int,
        time_us: int | None = None,
    ) -> None:
        """Record what is no SIP: one node sees it, now unless a time is given."""
        at = self.now_us if time_us is None else time_us
        self.captures.append(
            Capture(at + node.skew_us, node, *ends, "UDP", call_id, payload, protocol)
        )

    def plan(
        self, call_id: str, scenario: str, method: str, status: int | None, state: str
    ) -> None:
        """Say what becomes of a call of this scene."""
        self.planned.append(Planned(call_id, scenario, method, status, state))

    def _capture(self, sent: Sent, time_us: int) -> None:
        """Record the message at both of its ends, where they have a node."""
        ends = ((sent.source.node, time_us), (sent.destination.node, time_us + sent.way_us))
        for node, seen_us in ends:
            if node is not None:
                self.captures.append(
                    Capture(
                        seen_us + node.skew_us,
                        node,
                        sent.source,
                        sent.destination,
                        sent.transport,
                        sent.call_id,
                        sent.payload,
                    )
                )
