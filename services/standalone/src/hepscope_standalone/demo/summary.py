"""What the demo says in the end: what was sent, what became of it, and where to look."""

from collections import Counter
from pathlib import Path
from urllib.parse import quote

from hepscope_capture.counted import counted
from hepscope_standalone.demo.names import FILE
from hepscope_standalone.demo.traffic import Traffic
from hepscope_standalone.demo.verify import Standing


def contents(traffic: Traffic, target: object) -> str:
    """Return what was sent, by outcome."""
    calls = {capture.call_id for capture in traffic.captures}
    over = {plan.call_id for plan in traffic.planned}
    states = Counter(plan.state for plan in traffic.planned if plan.method == "INVITE")
    kinds = Counter(plan.method for plan in traffic.planned)
    outcomes = ", ".join(f"{count:,} {state}" for state, count in states.most_common())
    packets = counted(len(traffic.captures), "packet")
    return "\n".join(
        [
            f"sent {packets} of {counted(len(calls), 'Call-ID')} to {target}",
            f"  calls that are over: {outcomes or 'none'}; under way: {len(calls - over):,}",
            f"  registrations: {kinds['REGISTER']:,}, pings: {kinds['OPTIONS']:,}",
        ]
    )


def fate(found: Standing, sent: int) -> str:
    """Return what the server says of what was sent."""
    lines = [f"stored {found.stored:,} of {counted(sent, 'packet')}, as the server says"]
    lines += [f"  refused {count:,}: {reason}" for reason, count in found.refused.most_common()]
    missing = sent - found.known
    if missing > 0:
        lines.append(
            f"  of {counted(missing, 'packet')} it says nothing (yet): "
            "`hepscope doctor` walks the way from listener to row"
        )
    return "\n".join(lines)


def unverified(why: str) -> str:
    """Return what to say where the server could not be asked."""
    return (
        f"sent is not stored: {why}, so nobody was asked whether anything was refused "
        "(--page names the page; `hepscope doctor` looks for what is wrong)"
    )


def link(traffic: Traffic, page: str) -> str:
    """Return the addresses of the hour and of a call worth a look; empty for no such call."""
    chosen = traffic.interesting
    if chosen is None:
        return ""
    address = f"{page.rstrip('/')}/calls/{quote(chosen.call_id, safe='')}"
    return (
        f"\n  the hour at a glance:\n  {page.rstrip('/')}/overview?from={span(traffic)}\n"
        f"  a call that failed ({chosen.scenario}):\n  {address}"
    )


def span(traffic: Traffic) -> str:
    """Return the hours of traffic as the page's addresses want them: from its beginning to now."""
    length_us = traffic.captures[-1].time_us - traffic.captures[0].time_us
    hours = max(1, round(length_us / 3_600_000_000))
    return f"-{hours}h"


def names(data_dir: Path, left: Path | None) -> str:
    """Return where the hosts' names are, or how the page learns them; empty where it knows some."""
    if left is not None:
        return f"  its hosts are called as in {left}, written just now; remove it for addresses"
    file = data_dir / FILE
    if not data_dir.is_dir() or file.exists():
        return ""
    return f"  hosts are shown by address; for their names:\n  hepscope demo --names > {file}"
