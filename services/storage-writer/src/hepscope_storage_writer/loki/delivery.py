"""Getting a load into Loki: what was refused for good is counted, the rest goes in or stays.

A push that Loki could not read as a whole is cut in halves until the line that it cannot take
stands alone. Such a line is given up only when Loki took other lines of the load, since a wrong
address or a proxy in the way refuses everything; then nothing is given up, and the load waits.
"""

import random
from collections import deque
from typing import Final

from hepscope_common.logs import Throttle, get_logger
from hepscope_storage_writer.loki.answers import Answer, Refused, Verdict
from hepscope_storage_writer.loki.client import Client
from hepscope_storage_writer.loki.load import Load, Push
from hepscope_storage_writer.loki.metrics import LokiMetrics

MIN_PUSH_BYTES: Final = 16 * 1024
"""To which pushes shrink while Loki says that they are too many or too large."""

MAX_SUSPECTS: Final = 16
"""Lines refused alone, with nothing accepted meanwhile, that prove that everything is refused."""

LOOK_ELSEWHERE: Final = 4
"""After so many of them the search goes on anywhere among the lines that are left."""

_log = get_logger("writer.loki")


class NotTakenError(Exception):
    """Loki does not take a load now; the message says why, in words."""

    def __init__(self, reason: str, pause_seconds: float = 0.0) -> None:
        super().__init__(reason)
        self.pause_seconds = pause_seconds
        """What Loki asks to wait at least."""


class Delivery:
    """Pushes loads, one request at a time, so that each stream keeps its order."""

    def __init__(
        self, client: Client, metrics: LokiMetrics, *, push_bytes: int, with_metadata: bool
    ) -> None:
        self.with_metadata = with_metadata
        self.limit_bytes = push_bytes
        """Of a push: what is set, or less while Loki is overcharged."""
        self._client = client
        self._metrics = metrics
        self._push_bytes = push_bytes
        self._throttle = Throttle(_log)

    async def deliver(self, load: Load) -> None:
        """Return once Loki has, or refused for good, every line.

        Raises NotTakenError with the lines that are left still in the load.
        """
        pushes = load.plan(self.limit_bytes)
        suspects: list[tuple[Push, Answer]] = []
        has_accepted = False
        while pushes and (has_accepted or len(suspects) < MAX_SUSPECTS):
            answer = await self._push(pushes[0])
            match answer.verdict:
                case Verdict.ACCEPTED | Verdict.PARTLY:
                    has_accepted = True
                    self._settle(pushes.popleft(), answer)
                case Verdict.PLAIN if self.with_metadata:
                    self._go_plain(answer)
                case Verdict.TOO_LARGE | Verdict.UNCLEAR:
                    self._single_out(pushes, answer, suspects)
                case _:
                    if answer.verdict is Verdict.BUSY:
                        self._shrink()
                    load.put_back([*(push for push, _ in suspects), *pushes])
                    raise NotTakenError(answer.detail, answer.pause_seconds)
        if suspects and not has_accepted:
            load.put_back([*(push for push, _ in suspects), *pushes])
            raise NotTakenError(f"refuses everything: {suspects[0][1].detail}")
        for push, answer in suspects:
            self._give_up(push, Refused.OTHER, answer)

    async def _push(self, push: Push) -> Answer:
        sent = self._client.sent_bytes
        answer = await self._client.push(push.parts, with_metadata=self.with_metadata)
        self._metrics.sent_bytes.add((), self._client.sent_bytes - sent)
        self._metrics.pushes.add((answer.verdict,))
        return answer

    def _settle(self, push: Push, answer: Answer) -> None:
        """Count the lines of a push that Loki has dealt with."""
        self.limit_bytes = min(self.limit_bytes * 2, self._push_bytes)
        lines = push.lines
        refused = 0
        for reason, count in answer.refused.items():
            known = min(count, lines - refused)
            refused += known
            self._metrics.refused.add((reason,), known)
            self._throttle.warning(
                reason, "Loki refused %d of %d lines (%s): %s", known, lines, reason, answer.detail
            )
        # Nobody says which lines were refused, so that types and bytes are told by their share.
        passed = counted = 0
        for stream, entries in push.parts:
            passed += len(entries)
            upto = passed * (lines - refused) // lines
            self._metrics.lines.add((stream.type_name,), upto - counted)
            counted = upto
        self._metrics.bytes.add((), push.size_bytes * counted // lines)

    def _go_plain(self, answer: Answer) -> None:
        self.with_metadata = False
        _log.warning(
            "Loki allows no structured metadata: lines go without from now on (%s)", answer.detail
        )

    def _single_out(
        self, pushes: deque[Push], answer: Answer, suspects: list[tuple[Push, Answer]]
    ) -> None:
        push = pushes.popleft()
        is_too_large = answer.verdict is Verdict.TOO_LARGE
        if is_too_large:
            self._shrink()
        if push.lines > 1:
            pushes.extendleft(reversed(push.halves()))
        elif is_too_large:
            self._give_up(push, Refused.TOO_LARGE, answer)
        else:
            suspects.append((push, answer))
            if pushes and len(suspects) % LOOK_ELSEWHERE == 0:
                # One sender's lines may all be such, and stand in front each time.
                pushes.rotate(random.randrange(len(pushes)))  # noqa: S311

    def _give_up(self, push: Push, reason: Refused, answer: Answer) -> None:
        self._metrics.refused.add((reason,), push.lines)
        self._throttle.warning(reason, "Loki refused a line (%s): %s", reason, answer.detail)

    def _shrink(self) -> None:
        self.limit_bytes = max(self.limit_bytes // 2, min(MIN_PUSH_BYTES, self._push_bytes))
