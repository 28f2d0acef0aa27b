"""The load of a chaos run: four lanes beside each other, and the balance of the plain ones."""

import asyncio
from collections.abc import Iterable
from collections.abc import Set as AbstractSet

from chaos.balance import Balance, Reading
from chaos.lane import Lane
from chaos.lane_acked import AckedLane
from chaos.lane_http import HttpLane
from chaos.lane_plain import TcpLane, UdpLane
from chaos.numbers import LaneName, Number
from chaos.target import Target

SETTLE_SECONDS = 60.0
CALM_READINGS = 3
READ_PAUSE_SECONDS = 0.15

MOST_ASKED = 400
"""Numbers of a lane that a question whether any is stored names."""


class Load:
    """Starts and ends the lanes; opens and closes the spans of their balance."""

    def __init__(self, target: Target, *, rate: float) -> None:
        self._target = target
        doors, each = target.doors, rate / len(LaneName)
        self.udp = UdpLane(doors.udp, rate=each, source=doors.udp_source)
        self.tcp = TcpLane(doors.tcp, rate=each)
        self.hep = AckedLane(doors.hep, rate=each)
        self.http = HttpLane(doors.http, rate=each)
        self.lanes: tuple[Lane, ...] = (self.udp, self.tcp, self.hep, self.http)
        balanced = (self.udp, self.tcp) if target.is_balanced else ()
        self.balances = {lane.name: Balance(lane.name) for lane in balanced}
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def made(self) -> int:
        """Numbers made so far, of all lanes."""
        return sum(lane.last for lane in self.lanes)

    def start(self) -> None:
        """Let the lanes send."""
        self._tasks = [asyncio.create_task(lane.run(), name=lane.name) for lane in self.lanes]

    def check(self) -> None:
        """Raise what a lane ended with, if one did."""
        for task in self._tasks:
            if task.done():
                task.result()

    async def finish(self, *, seconds: float) -> list[str]:
        """End the lanes; return the names of those that could not settle what they sent."""
        done = await asyncio.gather(*(lane.finish(seconds=seconds) for lane in self.lanes))
        late = [
            str(lane.name) for lane, is_done in zip(self.lanes, done, strict=True) if not is_done
        ]
        await self.cancel()
        return late

    async def cancel(self) -> None:
        """End the lanes at once, those that settled their things in their own time."""
        _, left = await asyncio.wait(self._tasks, timeout=2) if self._tasks else (set(), set())
        for task in left:
            task.cancel()
        if left:
            await asyncio.wait(left)

    def acknowledged(self) -> AbstractSet[Number]:
        """Return every number that ingest promised to keep."""
        return frozenset(Number(lane.name, n) for lane in self.lanes for n in lane.acknowledged())

    def marks(self) -> dict[str, int]:
        """Return the last number of each lane now."""
        return {lane.name: lane.last for lane in self.lanes}

    def since(self, marks: dict[str, int]) -> list[list[Number]]:
        """Return the newest numbers that each lane made after its mark."""
        return [
            [Number(lane.name, n) for n in _newest(marks[lane.name], lane.last)]
            for lane in self.lanes
        ]

    async def open_spans(self, names: Iterable[LaneName]) -> None:
        """Begin spans of these lanes that have none, each in a calm moment."""
        wanted = [name for name in names if self.balances[name].opened is None]
        await asyncio.gather(*(self._open(self.balances[name]) for name in wanted))

    async def close_spans(self, names: Iterable[LaneName]) -> None:
        """End the spans of these lanes, once what they sent is accounted for."""
        wanted = [name for name in names if self.balances[name].opened is not None]
        await asyncio.gather(*(self._close(self.balances[name]) for name in wanted))

    async def _open(self, balance: Balance) -> None:
        pace = self._lane(balance).pace
        pace.hold()
        try:
            last, calm = await self._read(balance), 0
            deadline = asyncio.get_running_loop().time() + SETTLE_SECONDS
            while calm < CALM_READINGS and asyncio.get_running_loop().time() < deadline:
                await asyncio.sleep(READ_PAUSE_SECONDS)
                reading = await self._read(balance)
                calm, last = (calm + 1 if reading == last else 0), reading
            if last is not None and calm == CALM_READINGS:
                balance.open(last)
        finally:
            pace.release()

    async def _close(self, balance: Balance) -> None:
        pace, begin = self._lane(balance).pace, balance.opened
        assert begin is not None
        pace.hold()
        try:
            deadline = asyncio.get_running_loop().time() + SETTLE_SECONDS
            reading = await self._read(balance)
            while reading is None or not reading.settled_since(begin):
                if asyncio.get_running_loop().time() > deadline:
                    break
                await asyncio.sleep(READ_PAUSE_SECONDS)
                reading = await self._read(balance) or reading
            balance.close(reading or Reading(begin.life, self._lane(balance).sent, 0, 0, 0))
        finally:
            pace.release()

    async def _read(self, balance: Balance) -> Reading | None:
        """Return a reading; None while ingest does not answer."""
        counts = await self._target.count(balance.lane)
        if counts is None:
            return None
        sent = self._lane(balance).sent
        return Reading(counts.life, sent, counts.accepted, counts.refused, counts.dropped)

    def _lane(self, balance: Balance) -> UdpLane | TcpLane:
        return self.udp if balance.lane is LaneName.UDP else self.tcp


def _newest(mark: int, last: int) -> range:
    return range(max(mark, last - MOST_ASKED) + 1, last + 1)
