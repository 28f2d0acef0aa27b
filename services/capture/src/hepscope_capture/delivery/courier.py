"""Takes a destination's packets to one of its servers, for as long as the capture runs.

One thread does it all: it collects what was put, writes to disk what must not stay in memory, and
works a connection. What may block, names, handshakes and greetings, is done by threads that only
connect, so that nothing waits in memory for them.
"""

import select
from collections.abc import Callable, Sequence

from hepscope_capture.clock import Clock
from hepscope_capture.delivery.choice import Choice, Times
from hepscope_capture.delivery.custody import Custody, UnknownNumberError
from hepscope_capture.delivery.link import Link
from hepscope_capture.delivery.reach import REACH_ERRORS, Approach, Reach, Reached
from hepscope_capture.delivery.scout import Scout
from hepscope_capture.delivery.stream_link import StreamLink
from hepscope_capture.delivery.udp_link import UdpLink
from hepscope_capture.senders.bell import Bell
from hepscope_capture.senders.dialling import explain

REST_SECONDS = 0.02
"""After sending, so that packets are sent, and answers heard, many at a time."""

_FAREWELL_SECONDS = 1.0
_POSITION_SECONDS = 0.25
_IDLE_SECONDS = 1.0

BROKEN = (*REACH_ERRORS, UnknownNumberError)

Tell = Callable[[str], None]
"""Takes a line that the user may want to know while it is still going on."""


class Courier:
    """Delivers until it is ended."""

    def __init__(
        self,
        custody: Custody,
        reaches: Sequence[Reach],
        clock: Clock,
        *,
        collect: Callable[[float], None],
        tell: Tell,
        note: Tell,
        times: Times,
    ) -> None:
        """Make a courier; ``collect`` puts what has come into the custody.

        ``note`` takes lines about what is as it should be.
        """
        now = clock.elapsed_seconds()
        self._custody = custody
        self._reaches = reaches
        self._clock = clock
        self._collect = collect
        self._tell = tell
        self._note = note
        self._bell = Bell()
        self._choice = Choice(len(reaches), times, now)
        self._scout = Scout(self._begin)
        self._link: Link | None = None
        self._approach: Approach | None = None
        self._is_down = False
        self._refused: set[int] = set()  # servers that have refused datagrams
        self._rest_until = 0.0
        self._position_at = 0.0
        self._end_by: float | None = None
        self.trouble = ""
        """What was wrong last with the connection, until anything got on; empty = nothing."""
        self.is_delivered = False
        """Whether it has ended with everything delivered, or on disk."""
        self.connected_to = ""
        """The server that is connected; empty = none."""
        self.is_acknowledging: bool | None = None
        """Whether the server that was connected last acknowledges; None = not known."""
        self.progress_at = now
        """When anything got on last, or nothing waited for the server that is connected."""

    def ring(self) -> None:
        """Say that there is something to do."""
        self._bell.ring()

    def end(self, seconds: float) -> None:
        """Have it end: once all is delivered, or on disk and no server there, or at that time."""
        self._end_by = self._clock.elapsed_seconds() + seconds
        self.ring()

    def run(self) -> None:
        """Deliver until ended."""
        custody = self._custody
        while True:
            self._bell.silence()
            now = self._clock.elapsed_seconds()
            # Before collecting: what was put before the end was said belongs to it.
            end_by = self._end_by
            self._collect(now)
            if self._link is None:
                self._seek(now)
            if self._link is not None:
                self._work(self._link, now)
            custody.spill(now, is_down=self._is_down)
            if news := custody.disk.take_news():
                self._tell(news)
            if self._link is not None and not custody.kept:
                self.progress_at = now
            if now >= self._position_at:
                custody.disk.note_position()
                self._position_at = now + _POSITION_SECONDS
            if end_by is not None and self._is_over(now, end_by):
                break
            self._wait(now)
        self._leave()

    def save(self) -> None:
        """Put on disk what there is, after a mistake of ours: the next process may do better."""
        now = self._clock.elapsed_seconds()
        self._collect(now)
        self._custody.spill_all(now)

    def close(self) -> None:
        """Free what it needed; it must have ended."""
        self._bell.close()

    def _is_over(self, now: float, end_by: float) -> bool:
        """Return whether to end: nothing is left, or nothing more can be done for it."""
        custody = self._custody
        if not custody.kept:
            self.is_delivered = True
            return True
        is_hopeless = self._is_down and self._approach is None
        if now < end_by and not is_hopeless:
            return False
        self.is_delivered = custody.spill_all(now)
        return self.is_delivered or now >= end_by

    def _leave(self) -> None:
        self._scout.come_back()
        if self._approach is not None:
            self._approach.give_up()
        if self._link is not None:
            if self._custody.kept:
                self._link.close()
            else:
                self._link.finish(_FAREWELL_SECONDS)
        self._custody.disk.note_position()

    def _seek(self, now: float) -> None:
        """Get a connection, step by step."""
        approach = self._approach
        if approach is None:
            if now >= self._choice.next_try:
                self._approach = self._begin(self._choice.index)
            return
        if not approach.is_done:
            return
        self._approach = None
        if approach.reached is not None:
            self._connect(self._choice.index, approach.reached, now)
        elif approach.error is not None:
            self._note_failure(approach.error, now)

    def _begin(self, index: int) -> Approach:
        origin = self._custody.next_origin or self._custody.origin
        return Approach(self._reaches[index], origin, self._bell.ring)

    def _connect(self, index: int, reached: Reached, now: float) -> None:
        """Use what was reached."""
        if index != self._choice.index:
            self._custody.counts.failovers += 1
        self._choice.connect(index, now)
        try:
            self._link = self._link_over(reached)
        except UnknownNumberError as error:
            reached.close()
            self._note_failure(error, now)
            return
        self._is_down = False
        self._custody.counts.connects += 1
        self.connected_to = str(self._reaches[index].target)
        self.is_acknowledging = reached.answers is not None
        if reached.connection is not None:
            self._custody.disk.note_server(
                self.connected_to, is_acknowledging=self._reaches[index].has_acknowledged
            )
        line = f"{self.connected_to}: connected; {reached.evidence}"
        if not self.trouble:
            self._note(line)
        elif self.is_acknowledging:
            self._tell(line)

    def _link_over(self, reached: Reached) -> Link:
        """Return the link of what was reached. Raises UnknownNumberError."""
        custody, clock, choice = self._custody, self._clock, self._choice
        if reached.datagrams is not None:
            is_on_probation = choice.index in self._refused
            return UdpLink(reached.datagrams, custody, clock, is_on_probation=is_on_probation)
        return StreamLink(reached, custody, clock, stall_seconds=choice.stall_seconds)

    def _work(self, link: Link, now: float) -> None:
        sent = self._custody.sent
        try:
            if link.work(now, is_filling=self._scout.found_at is None):
                self.progress_at = now
                self._get_on(link, now)
            if self._custody.sent != sent and not self._custody.next_origin:
                self._rest_until = now + REST_SECONDS
            if self._choice.index:
                self._look_for_better(link, now)
        except BROKEN as error:
            self._lose(link, error, now)

    def _get_on(self, link: Link, now: float) -> None:
        """Note that packets arrive; what was wrong is over once that counts."""
        is_udp = isinstance(link, UdpLink)
        if not self._choice.get_on(now, is_certain=is_udp or bool(self.is_acknowledging)):
            return
        if self.trouble and is_udp:
            self._tell(f"{self.connected_to}: datagrams are not refused any more")
        elif self.trouble and not self.is_acknowledging:
            self._tell(f"{self.connected_to}: connected; it takes packets")
        self.trouble = ""

    def _lose(self, link: Link, error: Exception, now: float) -> None:
        self._custody.counts.maybe_lost += link.lose()
        self._drop(link)
        if isinstance(link, UdpLink):
            self._refused.add(self._choice.index)
        self._choice.lose(now, is_stalled=isinstance(error, TimeoutError))
        if (better := self._scout.take()) is not None:
            self._connect(*better, now)
            return
        self._scout.come_back()
        self._note_failure(error, now)

    def _drop(self, link: Link) -> None:
        link.close()
        self._link, self.connected_to = None, ""

    def _note_failure(self, error: Exception, now: float) -> None:
        self._is_down = True
        trouble = f"{self._reaches[self._choice.index].target}: {explain(error)}"
        if trouble != self.trouble:
            self.trouble = trouble
            self._tell(f"{trouble}; trying again")
        self._custody.counts.failovers += self._choice.fail(now)

    def _look_for_better(self, link: Link, now: float) -> None:
        """Go back to a server before the one that is used, when one can be reached."""
        choice, scout, found_at = self._choice, self._scout, self._scout.found_at
        if found_at is None:
            if (scout.is_out or now >= choice.look_at) and not scout.look(choice.index, now):
                choice.look_later(now)
        elif not self._custody.in_flight or now >= found_at + _FAREWELL_SECONDS:
            # A server that is left alive reads what it was sent.
            link.lose()
            self._drop(link)
            if (better := scout.take()) is not None:
                self._connect(*better, now)

    def _wait(self, now: float) -> None:
        """Return when something is to be done."""
        link = self._link
        if link is not None and not link.is_full and (rest := self._rest_until - now) > 0:
            self._clock.sleep(rest)
            return
        looks = [now + _IDLE_SECONDS]
        poll = select.poll()
        poll.register(self._bell.socket, select.POLLIN)
        if link is not None:
            poll.register(link, select.POLLIN | (select.POLLOUT if link.is_full else 0))
            looks.append(now + link.next_look(now))
            if (found_at := self._scout.found_at) is not None:
                looks.append(found_at + _FAREWELL_SECONDS)
            elif self._choice.index and not self._scout.is_out:
                looks.append(self._choice.look_at)
        elif self._approach is None:
            looks.append(self._choice.next_try)
        if (oldest := self._custody.oldest_in_memory) is not None:
            looks.append(max(oldest + _IDLE_SECONDS, now + _POSITION_SECONDS))
        if self._end_by is not None:
            looks.append(self._end_by)
        poll.poll(max(min(looks) - now, 0.0) * 1000)
