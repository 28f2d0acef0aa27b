"""Registrations to be measured: a client keeps one Call-ID for weeks, so it is cut into spans.

A cut lies before a message where the folding would remember nothing that matters: nothing came for
longer than any timer runs, or a REGISTER with a higher CSeq follows, after a silence, the final
that settled the one before. Whether there is one depends on a message and its predecessor alone,
so it does not matter when one looks, and a message that comes late changes no more than the span it
falls into and the one after it. Times are microseconds since 1970.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Final

import asyncpg

from hepscope_common.calls.exchange import RETRIED
from hepscope_common.calls.measuring import Filed, Measurement, signal_order
from hepscope_common.calls.signal import Signal
from hepscope_common.calls.state import SETUP_TIMEOUT_US
from hepscope_common.store.attempts import Span
from hepscope_storage_writer.measure_calls import cut_short, measured
from hepscope_storage_writer.measure_messages import MAX_MESSAGES, read_messages
from hepscope_storage_writer.measure_metrics import MeasurerCounts
from hepscope_storage_writer.measure_queue import TouchedRegistration
from hepscope_storage_writer.times import SECOND_US

QUIET_US: Final = SETUP_TIMEOUT_US + SECOND_US
"""After such a silence no exchange of a REGISTER is remembered."""

SETTLED_US: Final = 5 * SECOND_US
"""Longer than the pauses between retransmissions (T2 = 4 s, RFC 3261 17.1.2.1)."""

MARGIN_US: Final = 2 * QUIET_US
"""How far around a touched message one reads at first; nearly always both cuts are there."""

LONGEST_US: Final = 3600 * SECOND_US
"""How far at most; who registers for so long without a cut is cut there."""


async def measure_registrations(
    connection: asyncpg.Connection,
    touched: Mapping[TouchedRegistration, tuple[int, int]],
    now_us: int,
    counts: MeasurerCounts,
) -> dict[Span, Measurement]:
    """Return the attempts of touched registrations, by the span that they replace.

    Raises TooMuchError.
    """
    parts: list[list[Filed]] = []
    for spans in _groups(touched):
        waiting, margin_us = spans, MARGIN_US
        while waiting:
            read = await read_messages(connection, [_around(span, margin_us) for span in waiting])
            counts.cut_short += cut_short(read)
            wider: list[Span] = []
            for span, messages in zip(waiting, read, strict=True):
                is_last = margin_us >= LONGEST_US or len(messages) >= MAX_MESSAGES
                cut = cut_out(messages, span, margin_us, is_forced=is_last)
                if cut is None:
                    wider.append(span)
                else:
                    parts += cut
            waiting, margin_us = wider, margin_us * 4
    return await measured(((_span_of(part), part) for part in disjoint(parts)), now_us)


def is_cut(before: Signal, after: Signal) -> bool:
    """Tell whether nothing of ``before`` matters to ``after``, the next message of a Call-ID."""
    gap_us = after.time_us - before.time_us
    if gap_us > QUIET_US:
        return True
    return (
        gap_us >= SETTLED_US
        and bool(after.method)
        and not before.method
        and before.status >= 200
        and before.status not in RETRIED["REGISTER"]
        and (after.cseq or 0) > (before.cseq or 0)
    )


def cut_out(
    messages: Sequence[Filed], span: Span, margin_us: int, *, is_forced: bool
) -> list[list[Filed]] | None:
    """Return the messages from the cut before a span to the end of the part that follows it.

    Part by part. ``messages`` are those up to the margin around the span. None when a cut may lie
    farther away; forced, what was read is taken as it is.
    """
    ordered = sorted(messages, key=lambda one: signal_order(one.signal))
    if not ordered:
        return []
    parts: list[list[Filed]] = [[ordered[0]]]
    for before, after in pairwise(ordered):
        if is_cut(before.signal, after.signal):
            parts.append([])
        parts[-1].append(after)
    low_us, high_us = span.first_us - margin_us, span.last_us + margin_us
    begins = [parts[0][0].filed_us > low_us + QUIET_US, *([True] * (len(parts) - 1))]
    ends = [*([True] * (len(parts) - 1)), parts[-1][-1].filed_us < high_us - QUIET_US]
    inside = [
        at
        for at, part in enumerate(parts)
        if part[-1].filed_us >= span.first_us and part[0].filed_us <= span.last_us
    ]
    if not inside:
        return []
    chosen = range(inside[0], min(inside[-1] + 2, len(parts)))
    if not is_forced and not (begins[chosen[0]] and ends[chosen[-1]]):
        return None
    return [parts[at] for at in chosen]


def _around(span: Span, margin_us: int) -> Span:
    return span._replace(first_us=span.first_us - margin_us, last_us=span.last_us + margin_us)


def _groups(touched: Mapping[TouchedRegistration, tuple[int, int]]) -> list[list[Span]]:
    """Return what was touched, an hour at most in one, in groups of near times.

    Late data are read apart, since what is read together is sought in all leaves between.
    """
    spans: list[Span] = []
    for registration, (first_us, last_us) in touched.items():
        for start_us in range(first_us, last_us + 1, LONGEST_US):
            end_us = min(start_us + LONGEST_US, last_us)
            spans.append(Span(registration.call_id, start_us, end_us, is_registration=True))
    spans.sort(key=lambda span: span.first_us)
    groups: list[list[Span]] = []
    for span in spans:
        if groups and span.first_us <= groups[-1][0].first_us + LONGEST_US:
            groups[-1].append(span)
        else:
            groups.append([span])
    return groups


def disjoint(parts: Iterable[list[Filed]]) -> list[list[Filed]]:
    """Return parts without repetition, overlapping ones as one: without cuts they may overlap."""
    of_call: dict[str, list[list[Filed]]] = {}
    for part in sorted(parts, key=_span_of):
        found = of_call.setdefault(part[0].signal.call_id, [])
        if found and _span_of(part).first_us <= _span_of(found[-1]).last_us:
            found[-1] = list(dict.fromkeys([*found[-1], *part]))
        else:
            found.append(part)
    return [part for found in of_call.values() for part in found]


def _span_of(part: Sequence[Filed]) -> Span:
    times = [one.filed_us for one in part]
    return Span(part[0].signal.call_id, min(times), max(times), is_registration=True)
