"""What a capture has done so far, in one line of the log."""

from collections.abc import Sequence

from hepscope_capture.frame_counts import FrameCounts
from hepscope_capture.live.delivery_metrics import Destination
from hepscope_capture.live.interface import Interface


def status_of(
    interfaces: Sequence[Interface],
    counts: FrameCounts,
    destinations: Sequence[Destination],
    refused: int = 0,
) -> str:
    """Return the counts that are not zero, the usual ones in any case."""
    drops = sum(one.drops for one in interfaces)
    sent = [one.counts() for one in destinations]
    parts = [f"{counts.frames:,} frames", f"{counts.messages:,} SIP messages"]
    parts += [f"{counts.reports:,} RTCP reports"] if counts.reports else []
    parts += [f"{counts.log_lines:,} log lines"] if counts.log_lines else []
    parts.append(f"{drops:,} dropped by the kernel")
    if sent:
        parts.append(f"{sum(one.sent for one in sent):,} sent")
        if acknowledged := sum(one.acknowledged for one in sent):
            parts.append(f"{acknowledged:,} acknowledged")
        parts.append(f"{sum(one.kept for one in sent):,} waiting")
    dropped: dict[str, int] = {}
    for one in sent:
        for reason, count in one.dropped.items():
            dropped[reason] = dropped.get(reason, 0) + count
    rare = {
        "on disk": sum(one.kept_on_disk for one in sent),
        **{f"lost: {reason.replace('_', ' ')}": count for reason, count in dropped.items()},
        "at most lost with a connection": sum(one.maybe_lost for one in sent),
        "frames cut": sum(one.counts.cut for one in interfaces),
        "refused by rules": refused,
        "gaps in TCP streams": counts.streams.gaps,
        "RTCP without a call": counts.media.uncorrelated,
        "datagrams without SIP": counts.not_sip,
        "frames not read": sum(counts.refused.values()),
        "datagrams with missing fragments": counts.fragments.incomplete,
    }
    parts += [f"{count:,} {what}" for what, count in rare.items() if count]
    return ", ".join(parts)
