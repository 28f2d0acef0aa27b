"""``hepscope dead-letters``: see what could not be taken or stored, and offer it again.

A letter is named by its offset among the dead letters. What is offered again stays there: the bus
forgets it when it is old. ``--json`` prints one object; times are RFC 3339 in UTC.
"""

import argparse
import asyncio
import json
from collections import deque
from collections.abc import AsyncIterator, Sequence

from prometheus_client import CollectorRegistry

from hep import DecodeError, decode3, partition_of
from hepscope_common.bus.browsing import Browser, LogRange
from hepscope_common.bus.protocol import OffsetOutOfRange, Producer, TopicPartition
from hepscope_common.bus.topics import DEAD_LETTER, TOPICS
from hepscope_common.runtime import StartupError, Supervisor
from hepscope_standalone import config_file
from hepscope_standalone.console import table, utc_text
from hepscope_standalone.letters import Letter, describe, letter_of
from hepscope_standalone.offering import Offering, target_of
from hepscope_standalone.settings import StandaloneSettings

WHERE = TopicPartition(DEAD_LETTER, 0)
READ_BYTES = 1024 * 1024
SHOWN_BYTES = 4096
DEFAULT_LIMIT = 50
_COLUMNS = ("offset", "time", "reason", "peer", "from", "bytes")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``dead-letters``."""
    commands = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    listing = _add(commands, "list", "show the newest letters")
    _add_choice(listing)
    listing.add_argument("--json", action="store_true", help="print JSON")
    show = _add(commands, "show", "show a letter, its bytes and what can be read of them")
    show.add_argument("offset", type=int, help="which one")
    show.add_argument("--full", action="store_true", help=f"more than {SHOWN_BYTES} bytes")
    replay = _add(commands, "replay", "offer letters again")
    replay.add_argument("offset", type=int, nargs="*", help="which ones")
    replay.add_argument("--all", action="store_true", help="the newest ones, up to --limit")
    _add_choice(replay)
    where = replay.add_mutually_exclusive_group(required=True)
    where.add_argument("--into", metavar="TARGET", help="udp://HOST:PORT or tcp://HOST:PORT")
    where.add_argument("--to", choices=TOPICS, metavar="TOPIC", help="a topic of the bus")


def _add(
    commands: "argparse._SubParsersAction[argparse.ArgumentParser]", name: str, summary: str
) -> argparse.ArgumentParser:
    parser = commands.add_parser(name, help=summary, description=summary)
    config_file.add_arguments(parser)
    return parser


def _add_choice(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--limit",
        type=_positive,
        default=DEFAULT_LIMIT,
        metavar="N",
        help="at most so many, the newest (default: %(default)s)",
    )
    parser.add_argument("--reason", help="only those with this reason")


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError("at least one")
    return number


def run(options: argparse.Namespace) -> int:
    """Do it; returns the exit code. Raises StartupError."""
    return asyncio.run(_run(options, config_file.load_settings(options)))


async def _run(options: argparse.Namespace, settings: StandaloneSettings) -> int:
    from hepscope_common.bus.kafka import KafkaBus  # noqa: PLC0415 - only with Kafka
    from hepscope_common.bus.kafka_browser import browse  # noqa: PLC0415 - likewise

    async with browse(settings.bus) as browser:
        if options.action == "list":
            return await list_letters(options, browser)
        if options.action == "show":
            return await show_letter(options, browser)
        if options.into is not None:
            return await offer_letters(options, browser)
        async with KafkaBus(settings.bus, CollectorRegistry(), Supervisor()) as bus:
            return await put_letters(options, browser, bus.producer(), bus.partitions)


async def list_letters(options: argparse.Namespace, browser: Browser) -> int:
    """Print the newest letters, the newest last."""
    letters = await newest(browser, limit=options.limit, reason=options.reason)
    if options.json:
        print(json.dumps({"dead_letters": [_as_json(letter) for letter in letters]}, indent=2))
    elif letters:
        print(table([_COLUMNS, *(_line(letter) for letter in letters)]))
    else:
        print("no dead letters")
    return 0


async def show_letter(options: argparse.Namespace, browser: Browser) -> int:
    """Print one letter."""
    letter = await _letter_at(browser, options.offset)
    print(describe(letter, max_bytes=None if options.full else SHOWN_BYTES))
    return 0


async def offer_letters(options: argparse.Namespace, browser: Browser) -> int:
    """Send letters to a HEP server; returns 1 when some could not be sent."""
    letters = await _chosen(options, browser)
    with Offering(target_of(options.into)) as offering:
        for letter in letters:
            offering.offer(letter.packet)
        offering.finish()
    counts = offering.counts
    print(f"{counts.sent} letters sent to {options.into}")
    if counts.skipped:
        print(f"{counts.skipped} are no HEP3 packets: only udp:// takes them")
    if counts.too_large:
        print(f"{counts.too_large} are too large for a datagram: only tcp:// takes them")
    return 1 if counts.skipped or counts.too_large else 0


async def put_letters(
    options: argparse.Namespace, browser: Browser, producer: Producer, partitions: int
) -> int:
    """Put letters into a topic, each as a record of its own and without a number."""
    letters = await _chosen(options, browser)
    for letter in letters:
        await producer.send(options.to, _partition(letter, partitions), letter.packet, 1, _REPLAYED)
    await producer.flush()
    print(f"{len(letters)} letters put into {options.to}")
    return 0


_REPLAYED = (("replayed", b"dead-letter"),)


def _partition(letter: Letter, partitions: int) -> int:
    """Return where a letter belongs: where it was, else where its routing key says."""
    number = letter.text("partition")
    if number.isascii() and number.isdigit() and int(number) < partitions:
        return int(number)
    try:
        return partition_of(decode3(letter.packet).routing_key, partitions)
    except DecodeError:
        return 0


async def newest(browser: Browser, *, limit: int, reason: str | None = None) -> list[Letter]:
    """Return the newest letters in the order in which they came.

    Without a reason only the end of the topic is read, with one all of it.
    """
    log = (await browser.ranges()).get(WHERE, LogRange(0, 0))
    start = log.start if reason else max(log.start, log.end - limit)
    found: deque[Letter] = deque(maxlen=limit)
    async for letter in _letters(browser, start, log.end):
        if reason is None or letter.reason == reason:
            found.append(letter)
    return list(found)


async def _letters(browser: Browser, start: int, end: int) -> AsyncIterator[Letter]:
    at = start
    while at < end:
        taken = await browser.read(WHERE, at, max_bytes=READ_BYTES)
        if not taken:
            return
        for one in taken:
            if one.record.offset < end:
                yield letter_of(one)
        at = taken[-1].record.offset + 1


async def _chosen(options: argparse.Namespace, browser: Browser) -> Sequence[Letter]:
    if bool(options.offset) == options.all:
        raise StartupError("name letters by their offsets, or --all")
    if options.all:
        return await newest(browser, limit=options.limit, reason=options.reason)
    return [await _letter_at(browser, offset) for offset in options.offset]


async def _letter_at(browser: Browser, offset: int) -> Letter:
    try:
        found = await browser.read(WHERE, offset, max_bytes=1)
    except OffsetOutOfRange as error:
        raise StartupError(
            f"no dead letter {offset}: there are {error.start} to {error.end - 1}"
            if error.end > error.start
            else "there are no dead letters"
        ) from error
    if not found or found[0].record.offset != offset:
        raise StartupError(f"no dead letter {offset}")
    return letter_of(found[0])


def _line(letter: Letter) -> tuple[str, ...]:
    return (
        str(letter.offset),
        utc_text(letter.time_us),
        letter.reason,
        letter.peer or "-",
        letter.came_from,
        str(len(letter.packet)),
    )


def _as_json(letter: Letter) -> dict[str, str | int | None]:
    return {
        "offset": letter.offset,
        "time": utc_text(letter.time_us),
        "reason": letter.reason,
        "detail": letter.text("detail") or None,
        "peer": letter.peer or None,
        "from": letter.came_from,
        "bytes": len(letter.packet),
    }
