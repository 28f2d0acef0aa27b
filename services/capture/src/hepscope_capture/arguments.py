"""The arguments of ``hepscope capture``, read strictly: no unknown value becomes a default."""

import argparse
from collections.abc import Callable
from pathlib import Path

from hepscope_capture.senders.acks import Acks
from hepscope_capture.senders.target import Scheme
from hepscope_capture.settings.given import Given, content
from hepscope_capture.settings.option import Option, Shape, Use
from hepscope_capture.settings.settings import DEFAULT_CONFIG, Settings, load
from hepscope_capture.settings.table import OPTIONS

USAGE = "%(prog)s (--interface NAME ... | --read FILE ... | --relay URL) --send URL [option ...]"

DESCRIPTION = """\
Send SIP and RTCP to HEP servers: off the wire (--interface), or from capture files (--read), which
are pcap or pcapng, plain or gzip, and are replayed in the order given; or pass on HEP of other
agents (--relay) and log lines of calls (--logs-listen, --logs-files, --sniff-logs). SIP is found by
its content over UDP, TCP, WebSocket and SCTP, off the wire on the ports 5060-5090 unless --ports or
--filter say otherwise; RTCP is found on any port and sent with the Call-ID of its call.

    hepscope-capture --interface eth1 --promiscuous --send tcp://10.0.0.5:9060
    hepscope-capture --interface any --print                      look, send nothing
    hepscope-capture --read trace.pcap --print
    hepscope-capture --interface eth1 --send tcp://10.0.0.5 --check
    hepscope-capture --read trace.pcap --send tcp://10.0.0.5 --speed max --now
"""

EPILOG = """\
udp:// tells nobody what gets lost: it is paced (--rate), and only a refusal is noticed.
tcp:// and tls:// are as fast as the server reads. A hepscope server acknowledges: what breaks is
restored, what was not acknowledged is sent again and stored once, and the end is reached when
everything is acknowledged. Other HEP servers do not; of them only a loss is noticed.

Live, a server that is away is tried for ever; what waits for it is kept up to a bound.

Each option but those of --read may stand in a settings file, --exclude-methods as exclude_methods
in [capture.filters], and in the environment, as in HEPSCOPE_CAPTURE__FILTERS__EXCLUDE_METHODS,
or with _FILE behind it and the name of a file that holds the value. Options win over the
environment, the environment over the file. --dump tells what is in force and who said so. After
SIGHUP the file is read again: filters, masks, ports and the log level count at once.

With --now all timestamps are shifted by one amount: the first message is at the present, or, with
a speed above 1, the last one is when it is sent. Silences of an hour or more are not waited for.

exit codes:
  0    every message is sent and, by a server that does so, acknowledged: it has it safe, or has
       refused it and counted that; live, also after SIGTERM
  1    some are not, or are not known to be safe: the summary says how many; of --check: a warning
  2    the arguments, a certificate, a file or an interface cannot be used
  130  interrupted
"""

# What a HEP server on the same machine takes without losing datagrams.
UDP_RATE = 10_000.0

ANY = "any"

_SECTION_OWNERS = {
    "relay": ("relay",),
    "logs": ("logs_listen", "logs_files", "sniff_logs"),
}
"""Without one of these the other options of a section do nothing."""

_LIVE_SOURCES = ("interface", "watch", "relay", "logs_listen", "logs_files")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command to a parser of its own or of a subcommand."""
    parser.description, parser.epilog, parser.usage = DESCRIPTION, EPILOG, USAGE
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    # With an abbreviation, a new option of a later release could change what a script means.
    parser.allow_abbrev = False
    groups = {"": parser.add_argument_group("what")}
    for option in OPTIONS:
        if option.group not in groups:
            groups[option.group] = parser.add_argument_group(option.group)
        _add(groups[option.group], option)
    _add_actions(parser.add_argument_group("instead of capturing"), groups[""])


def _add_actions(instead: "argparse._ArgumentGroup", what: "argparse._ArgumentGroup") -> None:
    what.add_argument(
        "--config",
        type=Path,
        metavar="FILE",
        help=f"settings file, section [capture] (default: ./{DEFAULT_CONFIG} if there)",
    )
    add = instead.add_argument
    add("--list-interfaces", action="store_true", help="write the interfaces and end")
    add("--dump", action="store_true", help="write the settings in force and where each is from")
    add(
        "--check",
        action="store_true",
        help="try settings, interfaces, certificates, servers and spool, a line for each; exit"
        " code 0, 1 after a warning, 2 after a failure",
    )


def _add(group: "argparse._ArgumentGroup", option: Option) -> None:
    """Add one option, which gives its texts, checked; and one for the file of a secret."""
    add, text = group.add_argument, _checked(option)
    if option.shape is Shape.FLAG:
        add(
            option.flag,
            dest=option.name,
            action=argparse.BooleanOptionalAction,
            help=option.help,
        )
    elif option.shape is Shape.VALUE:
        add(option.flag, dest=option.name, type=text, metavar=option.metavar, help=option.help)
    else:
        add(
            option.flag,
            dest=option.name,
            type=text,
            nargs="+" if option.shape is Shape.WORDS else None,
            action="extend" if option.shape is Shape.WORDS else "append",
            metavar=option.metavar,
            help=option.help,
        )
    if option.is_secret:
        add(
            f"{option.flag}-file",
            metavar="FILE",
            help=f"file that holds it; what is behind {option.flag} every user here can see",
        )


def _checked(option: Option) -> Callable[[str], str]:
    """Return what refuses texts that mean nothing, in the form whose message argparse shows."""

    def checked(text: str) -> str:
        try:
            option.value(_pieces(option, text))
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from None
        return text

    return checked


def _pieces(option: Option, text: str) -> tuple[str, ...]:
    return option.split(text) if option.shape is Shape.LIST else (text,)


def settle(args: argparse.Namespace) -> None:
    """Put the settings in force into ``args.settings``, and each value where argparse left it.

    Raises ValueError with a line for the user. Done once, it is done.
    """
    if hasattr(args, "settings"):
        return
    args.settings = load(_command(args), args.config)
    for option in OPTIONS:
        setattr(args, option.name, args.settings[option.name])


def _command(args: argparse.Namespace) -> dict[str, Given]:
    found = {}
    for option in OPTIONS:
        given = getattr(args, option.name)
        path = getattr(args, f"{option.name}_file", None) if option.is_secret else None
        if path is not None:
            if given is not None:
                raise ValueError(f"{option.flag} and {option.flag}-file are both given")
            given = content(path, f"{option.flag}-file")
        if given is None:
            continue
        if isinstance(given, bool):
            given = str(given).lower()
        texts = given if isinstance(given, list) else [given]
        pieces = tuple(piece for text in texts for piece in _pieces(option, text))
        found[option.name] = Given(pieces, option.flag)
    return found


def contradiction(args: argparse.Namespace) -> str:
    """Return what is wrong with arguments that do not go together, nothing if they do."""
    settings: Settings = args.settings
    if args.list_interfaces:
        return ""
    sources = [name for name in _LIVE_SOURCES if settings[name]]
    if not args.read and not sources:
        return f"what to capture: --read FILE, or one of {', '.join(map(_flag, _LIVE_SOURCES))}"
    if args.read and sources:
        return f"--read goes with no other source: not with {_flag(sources[0])}"
    if args.interface and ANY in args.interface and len(args.interface) > 1:
        return f"{ANY} is every interface: no other can be named with it"
    if args.interface and args.watch:
        return "--watch reads files: it does not go with --interface"
    if fault := _misplaced(settings) or _mask_fault(settings):
        return fault
    if not settings["send"]:
        return "" if args.print else "where to send: --send URL"
    return _target_fault(settings)


def _misplaced(settings: Settings) -> str:
    """Return which option of the command line would do nothing the way this captures."""
    for option in OPTIONS:
        given = settings.command.get(option.name)
        if given is None or given.texts == ("false",):
            continue
        if option.use is Use.WIRE and not settings["interface"]:
            return f"{option.flag} goes with --interface"
        if option.use is Use.FILES and not settings["read"]:
            return f"{option.flag} goes with --read"
        if option.use is Use.LIVE and settings["read"]:
            return f"{option.flag} does not go with --read"
        owners = _SECTION_OWNERS.get(option.section, ())
        if owners and not any(settings[owner] for owner in owners):
            return f"{option.flag} goes with {' or '.join(map(_flag, owners))}"
    return ""


def _flag(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def _mask_fault(settings: Settings) -> str:
    for name in ("mask_numbers", "mask_users"):
        if settings[name] == "hash" and not settings["mask_key"]:
            return f"{_flag(name)} hash needs --mask-key or --mask-key-file"
    return ""


def _target_fault(settings: Settings) -> str:
    schemes = {target.scheme for server in settings["send"] for target in server.targets}
    for option in ("ca", "insecure", "cert", "key", "server_name"):
        if settings[option] and Scheme.TLS not in schemes:
            return f"{_flag(option)} needs --send tls://HOST:PORT"
    if settings["acks"] is Acks.REQUIRE and Scheme.UDP in schemes:
        return "nothing is acknowledged over UDP: --acks require needs tcp:// or tls://"
    if settings["insecure"] and (settings["ca"] or settings["server_name"]):
        return "--insecure believes any server: --ca and --server-name would do nothing"
    if settings["key"] and not settings["cert"]:
        return "--key needs --cert"
    return ""
