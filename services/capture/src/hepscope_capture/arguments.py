"""The arguments of ``hepscope capture``, read strictly: no unknown value becomes a default."""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from hepscope_capture.pace import MAX_SPEED
from hepscope_capture.ports import parse_ports
from hepscope_capture.senders.patience import PATIENCE_SECONDS
from hepscope_capture.senders.stream import Acks
from hepscope_capture.senders.target import Scheme, Target, parse_target

DESCRIPTION = """\
Replay capture files to a HEP server. SIP over UDP is found by its content on any port; files are
pcap or pcapng, plain or gzip, and are replayed in the order given. TCP is counted, not sent.
"""

EPILOG = """\
udp:// tells nobody what gets lost: it is paced (--rate), and only a refusal is noticed.
tcp:// and tls:// are as fast as the server reads. A hepscope server acknowledges: what breaks is
restored, what was not acknowledged is sent again and stored once, and the end is reached when
everything is acknowledged. Other HEP servers do not; of them only a loss is noticed.

With --now all timestamps are shifted by one amount: the first message is at the present, or, with
a speed above 1, the last one is when it is sent. Silences of an hour or more are not waited for.

exit codes:
  0    every message is sent and, by a server that does so, acknowledged: it has it safe, or has
       refused it and counted that
  1    some are not, or are not known to be safe: the summary says how many
  2    the arguments, a certificate or a file cannot be used
  130  interrupted
"""

# What a HEP server on the same machine takes without losing datagrams.
UDP_RATE = 10_000.0

DEFAULT_NODE_ID = 2001

# A day: whoever waits longer than that does not look at the exit code.
_LONGEST_PATIENCE_SECONDS = 86_400.0

_Parsed = TypeVar("_Parsed")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command to a parser of its own or of a subcommand."""
    parser.description, parser.epilog = DESCRIPTION, EPILOG
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    _add_what(parser)
    _add_where(parser.add_argument_group("where to"))
    _add_how(parser.add_argument_group("how"))


def _add_what(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add(
        "--read",
        nargs="+",
        action="extend",
        required=True,
        metavar="FILE",
        help="capture files, in this order; - is standard input",
    )
    add(
        "--ports",
        type=_argument(parse_ports),
        metavar="LIST",
        help="only messages from or to these ports, like 5060,5080-5090 (default: any)",
    )
    add(
        "--node-id",
        type=_argument(parse_node_id),
        default=DEFAULT_NODE_ID,
        metavar="N",
        help="number of this node in HEP (default: %(default)s)",
    )
    add("--node", default="", metavar="NAME", help="name of this node in HEP (default: none)")
    add("--auth-key", metavar="KEY", help="key that the server asks for")


def _add_where(group: "argparse._ArgumentGroup") -> None:
    add = group.add_argument
    add(
        "--send",
        type=_argument(_target),
        required=True,
        metavar="URL",
        help="udp://HOST:PORT, tcp://HOST:PORT or tls://HOST:PORT; IPv6 addresses in brackets",
    )
    add(
        "--acks",
        type=Acks,
        choices=list(Acks),
        default=Acks.AUTO,
        help="tcp, tls: ask for acknowledgements and do without if there are none (auto, default),"
        " send nothing without (require), do not ask (never)",
    )
    add(
        "--patience",
        type=_argument(parse_patience),
        default=PATIENCE_SECONDS,
        metavar="SECONDS",
        help="give up when nothing is acknowledged for so long (default: %(default)g)",
    )
    add("--ca", type=Path, metavar="FILE", help="tls: the CA to trust, in PEM (default: system's)")
    add("--insecure", action="store_true", help="tls: believe any server, whoever it is")
    add("--cert", type=Path, metavar="FILE", help="tls: our certificate, with its chain, in PEM")
    add("--key", type=Path, metavar="FILE", help="tls: its key, if not in the same file")
    add("--server-name", metavar="NAME", help="tls: name in the certificate, if not HOST")


def _add_how(group: "argparse._ArgumentGroup") -> None:
    add = group.add_argument
    add(
        "--speed",
        type=_argument(parse_speed),
        default=1.0,
        metavar="1|N|max",
        help="original timing (default), N times as fast, or as fast as it goes",
    )
    add("--now", action="store_true", help="shift timestamps to the present")
    add(
        "--rate",
        type=_argument(parse_rate),
        metavar="N",
        help=f"at most N messages a second (default: {UDP_RATE:.0f} over UDP, else no limit)",
    )


def contradiction(args: argparse.Namespace) -> str:
    """Return what is wrong with arguments that do not go together, nothing if they do."""
    scheme = args.send.scheme
    for option in ("ca", "insecure", "cert", "key", "server_name"):
        if getattr(args, option) and scheme is not Scheme.TLS:
            return f"--{option.replace('_', '-')} needs --send tls://HOST:PORT"
    if args.acks is Acks.REQUIRE and scheme is Scheme.UDP:
        return "nothing is acknowledged over UDP: --acks require needs tcp:// or tls://"
    if args.insecure and (args.ca or args.server_name):
        return "--insecure believes any server: --ca and --server-name would do nothing"
    if args.key and not args.cert:
        return "--key needs --cert"
    return ""


def parse_speed(text: str) -> float:
    """Return the factor, MAX_SPEED for ``max``; raises ValueError with a line for the user."""
    return MAX_SPEED if text == "max" else _positive(text, "a speed is max or a number above 0")


def parse_rate(text: str) -> float:
    """Return messages a second; raises ValueError with a line for the user."""
    return _positive(text, "a rate is a number above 0")


def parse_patience(text: str) -> float:
    """Return seconds, up to a day; raises ValueError with a line for the user."""
    rule = f"a patience is a number of seconds above 0, up to {_LONGEST_PATIENCE_SECONDS:.0f}"
    seconds = _positive(text, rule)
    if seconds > _LONGEST_PATIENCE_SECONDS:
        raise ValueError(rule)
    return seconds


def parse_node_id(text: str) -> int:
    """Return a node id of 32 bits; raises ValueError with a line for the user."""
    if not (text.isascii() and text.isdigit() and len(text) <= 10 and int(text) < 2**32):
        raise ValueError("a node id is a number from 0 to 4294967295")
    return int(text)


def _target(text: str) -> Target:
    return parse_target(text, list(Scheme))


def _positive(text: str, rule: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    # Not a number compares as false.
    if not 0.0001 <= number <= 1_000_000_000:
        raise ValueError(rule)
    return number


def _argument(parse: Callable[[str], _Parsed]) -> Callable[[str], _Parsed]:
    """Return the parser in the form whose message argparse shows."""

    def parsed(text: str) -> _Parsed:
        try:
            return parse(text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from None

    return parsed
