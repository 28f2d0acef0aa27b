"""The options of ``hepscope demo``."""

import argparse
from collections.abc import Callable
from datetime import UTC, datetime

from hepscope_capture.senders.target import Target, parse_target
from hepscope_standalone.demo.traffic import DEFAULT_CALLS, DEFAULT_MINUTES

DEFAULT_TARGET = "tcp://127.0.0.1:9060"
DEFAULT_PAGE = "http://localhost:9080"

# With its media reports a call takes about 50 kB of memory until it is sent.
MAX_CALLS = 100_000
MAX_MINUTES = 24 * 60


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the demo."""
    parser.add_argument(
        "--send",
        type=_target,
        default=parse_target(DEFAULT_TARGET),
        metavar="URL",
        help=f"HEP port, tcp://HOST:PORT or udp://HOST:PORT (default {DEFAULT_TARGET})",
    )
    parser.add_argument(
        "--calls",
        type=_number(1, MAX_CALLS),
        default=DEFAULT_CALLS,
        metavar="N",
        help=f"how many calls to make (default {DEFAULT_CALLS}), beside registrations and pings",
    )
    parser.add_argument(
        "--minutes",
        type=_number(0, MAX_MINUTES),
        default=DEFAULT_MINUTES,
        metavar="N",
        help=f"the time they are spread over, ending now (default {DEFAULT_MINUTES}; 0: none of "
        "them, for --live alone)",
    )
    parser.add_argument(
        "--seed", type=int, default=1, help="another number makes other calls (default 1)"
    )
    parser.add_argument(
        "--end",
        type=_time_us,
        metavar="TIME",
        help="when the hour ends, like 2026-11-23T16:05:00Z (default now); with the same seed and "
        "end every packet is the same to the byte",
    )
    parser.add_argument(
        "--live",
        action="store_true",
        help="after that hour go on with calls as time passes, until Ctrl-C",
    )
    parser.add_argument(
        "--calls-per-hour",
        type=_number(1, MAX_CALLS),
        metavar="N",
        help="how many begin in an hour of --live (default: as many as in the hour before)",
    )
    parser.add_argument(
        "--page",
        default=DEFAULT_PAGE,
        metavar="URL",
        help=f"where the page is, for the link and to ask what was stored (default {DEFAULT_PAGE})",
    )
    parser.add_argument(
        "--names",
        action="store_true",
        help="send nothing, but print the names of the demo's hosts; a hepscope that runs here "
        "without names.toml in its data directory is given them anyway",
    )


def _target(text: str) -> Target:
    try:
        return parse_target(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _time_us(text: str) -> int:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no time like 2026-11-23T16:05:00Z") from None
    whole = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return round(whole.timestamp()) * 1_000_000


def _number(least: int, most: int) -> Callable[[str], int]:
    """Return a reader of whole numbers from ``least`` to ``most``."""

    def number(text: str) -> int:
        if not text.isdecimal() or not least <= int(text) <= most:
            raise argparse.ArgumentTypeError(f"{text!r} is no number from {least} to {most}")
        return int(text)

    return number
