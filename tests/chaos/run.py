"""One chaos run: load, faults one after the other, recovery from each, and the proof at the end.

Nothing is ever repeated silently: a part that does not come back within its patience is noted and
the run goes on to the proof, so that what was lost is known too.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from chaos import disk
from chaos.broker_choice import choose
from chaos.clock import NoClockError, find_library
from chaos.injector import Injector, breaks_span
from chaos.installation import Installation
from chaos.load import Load
from chaos.numbers import LaneName
from chaos.parts import Part
from chaos.plan import CLOCK_KINDS, Fault, Kind, touches_broker
from chaos.recovery import ASK_SECONDS, Recovery, wait_for_writers
from chaos.report import Findings, Outcome
from chaos.sabotage import Harm, do_harm
from chaos.services import PARTITIONS
from chaos.stored import read_stored
from chaos.topic import read_topic
from chaos.verification import verify

FINISH_SECONDS = 120.0
WARM_SECONDS = 2.0

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Options:
    """How much of everything."""

    rate: float = 200.0
    """Packets a second, of all lanes together."""
    packets: int = 100_000
    """The load goes on until so many were made."""
    seconds: float = 0.0
    """And at least for so long."""
    patience_seconds: float = 120.0
    """How long a recovery may take."""
    most_packets: int = 600_000
    """What the database's disk has room for."""
    broker: str = ""
    """``docker``, ``jars``, host:port of one that is left alone, or "" for what is there."""
    sabotage: Sequence[Harm] = ()
    """What is done to the database before the proof, which must then find it."""
    with_spool: bool = True
    """Whether ingest has a disk spool for the time without a broker."""


class Run:
    """Does a plan to an installation and finds out what became of the packets."""

    def __init__(self, work: Path, options: Options, *, say: Say) -> None:
        self.findings = Findings()
        self._options = options
        self._say = say
        self._work = work
        self._began = 0.0

    async def carry_out(self, plan: Sequence[Fault]) -> Findings:
        """Run the whole and return what was found."""
        mib = disk.size_mib(self._options.most_packets)
        async with Installation(
            self._work,
            disk_mib=mib,
            choose_broker=partial(choose, self._options.broker, say=self._say),
            clock_library=self._clock_library(),
            with_spool=self._options.with_spool,
        ) as installation:
            faults = self._possible(plan, installation)
            self._say(
                f"running on loopback with {installation.broker.title},"
                f" logs in {installation.logs}; {len(faults)} faults"
            )
            load = Load(installation, rate=self._options.rate)
            self._began = time.monotonic()
            load.start()
            try:
                await self._endure(faults, installation, load, Injector(installation))
                await self._go_on(load)
                await load.close_spans(LaneName(name) for name in load.balances)
                self.findings.late_lanes = await load.finish(seconds=FINISH_SECONDS)
            finally:
                await load.cancel()
            await self._prove(installation, load)
        return self.findings

    def _clock_library(self) -> Path | None:
        try:
            return find_library()
        except NoClockError as error:
            self.findings.left_out.append(f"clock: {error}")
            return None

    def _possible(self, plan: Sequence[Fault], installation: Installation) -> list[Fault]:
        missing = set[Kind]()
        if not installation.clocks:
            missing.update(CLOCK_KINDS)
        if not installation.has_disk:
            missing.add(Kind.DISK)
            if any(fault.kind is Kind.DISK for fault in plan):
                self.findings.left_out.append("disk-full: only root can mount a small disk")
        possible = [fault for fault in plan if fault.kind not in missing]
        if Part.BROKER in installation.parts:
            return possible
        title = installation.broker.title
        self.findings.left_out.append(f"the broker and the ways to it: {title}")
        return [fault for fault in possible if not touches_broker(fault)]

    async def _endure(
        self,
        faults: Sequence[Fault],
        installation: Installation,
        load: Load,
        injector: Injector,
    ) -> None:
        await asyncio.sleep(WARM_SECONDS)
        await load.open_spans(LaneName(name) for name in load.balances)
        for number, fault in enumerate(faults, 1):
            await asyncio.sleep(fault.rest_seconds)
            load.check()
            broken = [
                name for name in load.balances if breaks_span(fault, over_tcp=name is LaneName.TCP)
            ]
            await load.close_spans(broken)
            outcome = await self._do(fault, installation, load, injector)
            self.findings.outcomes.append(outcome)
            self._say(f"{number:3}/{len(faults)}  {'  '.join(outcome.row())}")
            await load.open_spans(load.balances)

    async def _do(
        self, fault: Fault, installation: Installation, load: Load, injector: Injector
    ) -> Outcome:
        at_seconds, patience = time.monotonic() - self._began, self._options.patience_seconds
        ends = {part: running.own_ends for part, running in installation.parts.items()}
        await injector.begin(fault)
        await asyncio.sleep(fault.hold_seconds)
        during = ""
        if fault.kind in CLOCK_KINDS:
            during = await Recovery(installation, load).wait(seconds=patience)
        ended = time.monotonic()
        recovery = Recovery(installation, load)
        trouble = ""
        try:
            await injector.end(fault)
        except Exception as error:  # noqa: BLE001 - of whatever class, the part did not come back
            trouble = f"{type(error).__name__}: {error}"
        trouble = trouble or await recovery.wait(seconds=patience)
        if during:
            trouble = f"with the wrong clock: {during}; {trouble or 'well again after it'}"
        return Outcome(
            fault,
            at_seconds,
            None if trouble else time.monotonic() - ended,
            [part for part, one in installation.parts.items() if one.own_ends > ends[part]],
            trouble,
        )

    async def _go_on(self, load: Load) -> None:
        """Send until there were enough packets, for long enough."""
        options = self._options
        deadline = time.monotonic() + 2 * options.packets / options.rate + options.seconds
        while (
            load.made < options.packets or time.monotonic() < self._began + options.seconds
        ) and time.monotonic() < deadline:
            load.check()
            await asyncio.sleep(ASK_SECONDS)

    async def _prove(self, installation: Installation, load: Load) -> None:
        findings = self.findings
        findings.asked_packets = self._options.packets
        findings.made = Counter({str(lane.name): lane.last for lane in load.lanes})
        for balance in load.balances.values():
            findings.spans += balance.spans
        findings.lies = load.hep.lies
        broker, dsn = installation.broker, installation.dsn
        findings.lag = await wait_for_writers(broker, dsn)
        for harm in self._options.sabotage:
            self._say(f"sabotage: {await do_harm(dsn, harm)}")
        topic = await read_topic(broker, PARTITIONS)
        stored = await read_stored(dsn)
        findings.verdict = verify(
            topic=topic.numbers,
            stored=stored.rows,
            acknowledged=load.acknowledged(),
            calls=stored.calls,
            garbled=stored.garbled,
        )
        again = topic.numbers.total() - len(topic.numbers)
        self._say(
            f"made {load.made}: "
            + ", ".join(f"{lane.name} {lane.last}" for lane in load.lanes)
            + f"; acknowledged {len(load.acknowledged())}; hep sent again {load.hep.resent};"
            + f" tcp connections lost {load.tcp.broken}; http answers {dict(load.http.answers)};"
            + f" on the bus {len(topic.numbers)} in {topic.records} records, {again} twice"
        )
