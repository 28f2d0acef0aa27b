"""Options of what is captured, and how the process runs on."""

from hepscope_capture.mirror.sample import MOST as MOST_SAMPLED
from hepscope_capture.ports import parse_ports
from hepscope_capture.settings.option import Option, Shape, Use
from hepscope_capture.settings.texts import (
    one_of,
    parse_flag,
    parse_host_port,
    parse_path,
    parse_rate,
    parse_seconds,
    parse_speed,
    parse_text,
    whole,
)
from hepscope_common.logs import LEVELS

LONGEST_SNAP_BYTES = 262_144
# As net/packet takes them on a machine of any size; more is no ring but a way to be killed.
_MOST_MB = 4096

WHAT = (
    Option(
        "read",
        parse_text,
        "capture files, in this order; - is standard input",
        shape=Shape.WORDS,
        metavar="FILE",
        is_lasting=False,
    ),
    Option(
        "watch",
        parse_path,
        "capture files of this directory as they appear and grow, until SIGTERM; - is a capture on"
        " standard input, taken as it comes",
        shape=Shape.TEXTS,
        metavar="DIR",
    ),
    Option(
        "ports",
        parse_ports,
        "only messages from or to these ports, like 5060,5080-5090"
        " (default: of files any, live 5060-5090)",
        shape=Shape.LIST,
        metavar="LIST",
        joins=True,
        reloads=True,
    ),
    Option(
        "rtcp",
        parse_flag,
        "send RTCP, too, with the Call-ID of its call (default: true)",
        ("true",),
        shape=Shape.FLAG,
        reloads=True,
    ),
    Option(
        "rtp_sample",
        whole(0, MOST_SAMPLED),
        "count the RTP of one in N pairs of ports, to see whether the mirror shows all of it"
        " (default: of files 1, of interfaces 0 = none)",
        metavar="N",
        is_number=True,
        reloads=True,
    ),
    Option(
        "sniff_logs",
        parse_ports,
        "send syslog to these UDP ports, too, as log lines of calls, like 514",
        shape=Shape.LIST,
        metavar="LIST",
        joins=True,
        reloads=True,
    ),
)

LIVE = (
    Option(
        "interface",
        parse_text,
        "capture from these interfaces, any = all of the machine, until SIGTERM",
        shape=Shape.WORDS,
        metavar="NAME",
        group="live",
    ),
    Option(
        "filter",
        parse_text,
        "take what matches this expression of tcpdump instead of the ports (needs libpcap)",
        metavar="EXPR",
        group="live",
        use=Use.WIRE,
        reloads=True,
    ),
    Option(
        "promiscuous",
        parse_flag,
        "take also what is not for this machine: needed behind a mirror port",
        ("false",),
        shape=Shape.FLAG,
        group="live",
        use=Use.WIRE,
    ),
    Option(
        "tunnels",
        parse_flag,
        "take what travels in GRE, IP in IP and VXLAN, too (default: true)",
        ("true",),
        shape=Shape.FLAG,
        group="live",
        use=Use.WIRE,
        reloads=True,
    ),
    Option(
        "workers",
        whole(1, 64),
        "processes that share the interfaces (default: 1)",
        ("1",),
        metavar="N",
        group="live",
        use=Use.WIRE,
        is_number=True,
    ),
    Option(
        "snaplen",
        whole(64, LONGEST_SNAP_BYTES),
        f"of each frame (default: {LONGEST_SNAP_BYTES}); cut messages are counted",
        (str(LONGEST_SNAP_BYTES),),
        metavar="BYTES",
        group="live",
        use=Use.WIRE,
        is_number=True,
    ),
    Option(
        "ring_mb",
        whole(2, _MOST_MB),
        "ring of each interface, for bursts (default: 20)",
        ("20",),
        metavar="MB",
        group="live",
        use=Use.WIRE,
        is_number=True,
    ),
    Option(
        "print",
        parse_flag,
        "write a line for each message, of files too; then --send is not needed",
        ("false",),
        shape=Shape.FLAG,
        group="live",
        is_lasting=False,
    ),
    Option(
        "top",
        parse_flag,
        "show counters at the terminal (default: at a terminal, unless --print is given)",
        shape=Shape.FLAG,
        group="live",
        use=Use.LIVE,
        is_lasting=False,
    ),
)

DAEMON = (
    Option(
        "ops",
        parse_host_port,
        "answer /healthz, /readyz, /metrics and /version there (default: not at all)",
        metavar="HOST:PORT",
        group="as a daemon",
        use=Use.LIVE,
        variable="HEPSCOPE_OPS__LISTEN",
    ),
    Option(
        "drain_seconds",
        parse_seconds,
        # Docker kills after ten.
        "how long the end may wait for what is not delivered (default: 8)",
        ("8",),
        metavar="SECONDS",
        group="as a daemon",
        use=Use.LIVE,
        is_number=True,
    ),
    Option(
        "status_seconds",
        parse_seconds,
        "log the counts so often, 0 = at the end only (default: 60)",
        ("60",),
        metavar="SECONDS",
        group="as a daemon",
        use=Use.LIVE,
        is_number=True,
    ),
    Option(
        "log_level",
        one_of(*LEVELS),
        f"{', '.join(LEVELS)} (default: info)",
        ("info",),
        metavar="LEVEL",
        group="as a daemon",
        variable="HEPSCOPE_LOG__LEVEL",
        reloads=True,
    ),
    Option(
        "log_format",
        one_of("json", "text"),
        "json or text (default: text at a terminal and with --read, else json)",
        metavar="FORMAT",
        group="as a daemon",
        variable="HEPSCOPE_LOG__FORMAT",
    ),
)

PACE = (
    Option(
        "speed",
        parse_speed,
        "original timing (default), N times as fast, or as fast as it goes",
        ("1",),
        metavar="1|N|max",
        group="how fast",
        use=Use.FILES,
        is_lasting=False,
    ),
    Option(
        "now",
        parse_flag,
        "shift timestamps to the present",
        ("false",),
        shape=Shape.FLAG,
        group="how fast",
        use=Use.FILES,
        is_lasting=False,
    ),
    Option(
        "rate",
        parse_rate,
        "at most N messages a second (default: 10000 over UDP, else no limit)",
        metavar="N",
        group="how fast",
        use=Use.FILES,
        is_lasting=False,
    ),
    Option(
        "loop",
        whole(0, 999_999_999),
        "read the files so often, 0 = for ever (default: 1)",
        ("1",),
        metavar="N",
        group="how fast",
        use=Use.FILES,
        is_lasting=False,
    ),
)
