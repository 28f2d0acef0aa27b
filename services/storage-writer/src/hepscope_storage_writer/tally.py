"""Tally: counts what became of batches, and names the packets that were not stored."""

from hepscope_common.logs import Throttle
from hepscope_storage_writer.batch import Batch
from hepscope_storage_writer.metrics import Outcome, WriterMetrics
from hepscope_storage_writer.transaction import Plan


class Tally:
    """Adds to the counters of one process; its log lines go by the throttle given."""

    def __init__(self, metrics: WriterMetrics, throttle: Throttle) -> None:
        self._metrics = metrics
        self._throttle = throttle

    def attempt(self, outcome: Outcome) -> None:
        """Count an attempt to store a batch."""
        self._metrics.attempts.add((outcome,))

    def letters_dropped(self, count: int) -> None:
        """Count dead letters over the limit."""
        if count:
            self._metrics.dead_letters_dropped.add(amount=count)
            self._throttle.warning("dropped", "%d dead letters over the limit dropped", count)

    def batch(self, batch: Batch, outcome: Outcome) -> None:
        """Count what a batch held, once it is stored."""
        metrics = self._metrics
        self.attempt(outcome)
        for group, rows in batch.groups():
            metrics.rows.add((group.root,), len(rows))
        for reason, count in batch.times.items():
            metrics.times.add((reason,), count)
        metrics.duplicates.add(amount=batch.duplicates)
        metrics.node_reports.add(amount=batch.reported.packets)
        for refusal, count in batch.media.refused.items():
            metrics.media_errors.add((refusal,), count)
        for letter in batch.dead_letters:
            metrics.dead_letters.add((letter.reason,))
            self._throttle.warning(
                letter.reason,
                "packet %d of record %d in %s[%d] cannot be stored: %s %s",
                letter.index,
                letter.record.offset,
                letter.record.topic,
                letter.record.partition,
                letter.reason,
                letter.detail,
            )

    def plan(self, plan: Plan) -> None:
        """Count where the rows and facts of a batch went, once they are committed."""
        metrics = self._metrics
        for table, count in plan.placement.strays.items():
            metrics.strays.add((table,), count)
        metrics.facts.add(("call",), sum(map(len, plan.calls.values())))
        metrics.facts.add(("registration",), sum(map(len, plan.registrations.values())))
        metrics.expired_facts.add(amount=plan.expired_facts)
        metrics.parties.add(amount=plan.parties_written)
        for way, count in plan.media.joined.items():
            metrics.media_reports.add((way,), count)
        metrics.media_offers.add(amount=len(plan.media.offers))
        metrics.media_expired.add(amount=plan.media.expired)
