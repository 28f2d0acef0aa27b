"""One chaos run: load, faults one after the other, recovery from each, and the proof at the end.

Nothing is ever repeated silently: a part that does not come back within its patience is noted and
the run goes on to the proof, so that what was lost is known too.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Sequence

from chaos.injector import breaks_span
from chaos.load import Load
from chaos.numbers import LaneName
from chaos.options import Options
from chaos.plan import CLOCK_KINDS, Fault
from chaos.recovery import ASK_SECONDS, Recovery, wait_for_writers
from chaos.report import Findings, Outcome
from chaos.sabotage import do_harm
from chaos.services import PARTITIONS
from chaos.stored import read_stored
from chaos.target import Opening, Target
from chaos.topic import read_topic
from chaos.verification import verify

FINISH_SECONDS = 120.0
WARM_SECONDS = 2.0

Say = Callable[[str], None]


class Run:
    """Does a plan to an installation and finds out what became of the packets."""

    def __init__(self, opening: Opening, options: Options, *, say: Say) -> None:
        self.findings = Findings()
        self._opening = opening
        self._options = options
        self._say = say
        self._began = 0.0

    async def carry_out(self, plan: Sequence[Fault]) -> Findings:
        """Run the whole and return what was found."""
        async with self._opening as target:
            faults = target.possible(plan)
            self.findings.left_out += target.left_out
            self.findings.is_balanced = target.is_balanced
            self._say(f"running {target.title}, logs in {target.logs}; {len(faults)} faults")
            load = Load(target, rate=self._options.rate)
            self._began = time.monotonic()
            load.start()
            try:
                await self._endure(faults, target, load)
                await self._go_on(load)
                await load.close_spans(LaneName(name) for name in load.balances)
                self.findings.late_lanes = await load.finish(seconds=FINISH_SECONDS)
            finally:
                await load.cancel()
            await self._prove(target, load)
        return self.findings

    async def _endure(self, faults: Sequence[Fault], target: Target, load: Load) -> None:
        await asyncio.sleep(WARM_SECONDS)
        await load.open_spans(LaneName(name) for name in load.balances)
        for number, fault in enumerate(faults, 1):
            await asyncio.sleep(fault.rest_seconds)
            load.check()
            broken = [
                name for name in load.balances if breaks_span(fault, over_tcp=name is LaneName.TCP)
            ]
            await load.close_spans(broken)
            outcome = await self._do(fault, target, load)
            self.findings.outcomes.append(outcome)
            self._say(f"{number:3}/{len(faults)}  {'  '.join(outcome.row())}")
            await load.open_spans(load.balances)

    async def _do(self, fault: Fault, target: Target, load: Load) -> Outcome:
        at_seconds, patience = time.monotonic() - self._began, self._options.patience_seconds
        ends = {part: running.own_ends for part, running in target.parts.items()}
        await target.breaker.begin(fault)
        await asyncio.sleep(fault.hold_seconds)
        during = ""
        if fault.kind in CLOCK_KINDS:
            during = await Recovery(target, load).wait(seconds=patience)
        ended = time.monotonic()
        recovery = Recovery(target, load)
        trouble = ""
        try:
            await target.breaker.end(fault)
        except Exception as error:  # noqa: BLE001 - of whatever class, the part did not come back
            trouble = f"{type(error).__name__}: {error}"
        trouble = trouble or await recovery.wait(seconds=patience)
        if during:
            trouble = f"with the wrong clock: {during}; {trouble or 'well again after it'}"
        return Outcome(
            fault,
            at_seconds,
            None if trouble else time.monotonic() - ended,
            [part for part, one in target.parts.items() if one.own_ends > ends[part]],
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

    async def _prove(self, target: Target, load: Load) -> None:
        findings = self.findings
        findings.asked_packets = self._options.packets
        findings.made = Counter({str(lane.name): lane.last for lane in load.lanes})
        for balance in load.balances.values():
            findings.spans += balance.spans
        findings.lies = load.hep.lies
        broker, dsn = target.broker, target.dsn
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
