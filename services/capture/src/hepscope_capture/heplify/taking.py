"""What is captured: interfaces, ports, kinds of traffic, files, HEP of others."""

from hepscope_capture.heplify.go_flags import FlagError
from hepscope_capture.heplify.ports import Ports, parse_ports_flag
from hepscope_capture.heplify.translation import Translation
from hepscope_capture.heplify.values import Values

_MODES = ("SIP", "SIPDNS", "SIPLOG", "SIPRTCP", "SIPRTP")
_SYSLOG_PORT = 514
_LONGEST_SNAP, _LEAST_RING_MB, _MOST_RING_MB, _MOST_WORKERS = 262_144, 2, 4096, 64


def translate_sources(values: Values, to: Translation) -> None:
    """Add where traffic comes from: a file, other agents, interfaces."""
    values.word("t", "af_packet", "afpacket", "pcap")
    relays = _relays(values)
    to.add_each("--relay", relays)
    to.add_if(values.flag("collectonlysip") and bool(relays), "--relay-kinds=sip")
    to.add_if(values.flag("replacetoken") and bool(relays), "--relay-replace-key")
    if values.text("rf"):
        _translate_file(values, to)
    elif not (relays and values.line == 1):
        _translate_interfaces(values, to)
    if values.text("wf"):
        raise FlagError("-wf: captures are not written; tcpdump -G does")


def translate_kinds(values: Values, to: Translation) -> None:
    """Add which traffic is taken."""
    mode = values.word("m", *_MODES)
    if mode == "SIPDNS":
        raise FlagError("-m SIPDNS: DNS is not captured")
    has_rtcp = mode in ("SIPRTCP", "SIPRTP")
    to.add_if(not has_rtcp, "--no-rtcp")
    if mode == "SIPRTP":
        to.notices.append("-m SIPRTP: RTP itself is not looked at, as -m SIPRTCP")
    has_logs = mode == "SIPLOG" or values.has_logs
    if has_logs and values.line == 1:
        to.add("--sniff-logs", _SYSLOG_PORT)
    elif has_logs:
        to.add("--logs-listen", f"udp://0.0.0.0:{_SYSLOG_PORT}")
        to.words.append("--no-logs-need-call-id")
    ports = parse_ports_flag(values.text("pr"), values.line, has_rtcp=has_rtcp)
    _add_filter(values, ports, to)


def _add_filter(values: Values, ports: Ports, to: Translation) -> None:
    expression = values.text("bpf") or ports.expression
    if expression and to.is_live:
        to.add("--filter", expression)
        return
    if expression:
        raise FlagError("a filter of tcpdump is for interfaces: of files take ports (-pr)")
    to.add("--ports", ports.ports)
    if ports.excluded:
        to.add("--exclude-ports", ports.excluded)


def _translate_interfaces(values: Values, to: Translation) -> None:
    interfaces = values.items("i")
    if not interfaces:
        raise FlagError("-i names no interface")
    is_any = "any" in interfaces
    if is_any and len(interfaces) > 1:
        raise FlagError("-i any is every interface: no other can be named with it")
    to.add_each("--interface", interfaces)
    if values.items("pi"):
        raise FlagError("-pi: name the interfaces with -i, as in -i eth1,eth2, and leave -pi out")
    # libpcap, which 1.x uses then, sets the mode; its own way with the ring does not.
    is_promiscuous = values.flag("promisc") or (values.line == 1 and values.text("t") == "pcap")
    if is_promiscuous and is_any and values.is_given("promisc"):
        to.notices.append("-promisc: -i any sets no card; name the interfaces, as in -i eth1,eth2")
    to.add_if(is_promiscuous and not is_any, "--promiscuous")
    if values.is_given("s"):
        snap = values.number("s", 0, 2**31 - 1)
        to.add("--snaplen", min(max(snap, 64), _LONGEST_SNAP) if snap else _LONGEST_SNAP)
    if values.is_given("b"):
        to.add("--ring-mb", min(max(values.number("b", 1, 2**20), _LEAST_RING_MB), _MOST_RING_MB))
    group = values.number("fg", 0, 65_535)
    workers = values.number("fw", 1, _MOST_WORKERS)
    # The kernel's group is chosen anew by every run of ours.
    if workers > 1 and values.is_given("fw") and (group or values.line == 2):
        to.add("--workers", workers)


def _translate_file(values: Values, to: Translation) -> None:
    to.add_each("--read", values.texts("rf"))
    if values.flag("o"):
        raise FlagError("-o: there is no stepping by Enter")
    if values.line == 1 and not values.flag("rs"):
        to.words.append("--now")
    else:
        to.add("--speed", "max")
        to.add_if(values.line == 2 and values.flag("rs"), "--now")
    if (loops := values.number("lp", 0, 999_999_999)) != 1:
        to.add("--loop", loops)
    to.waits_at_end = values.line == 1 and not values.flag("eof-exit")


def _relays(values: Values) -> list[str]:
    text = values.text("hin")
    if not text:
        return []
    protocol, _, address = text.partition(":")
    host, colon, port = address.rpartition(":")
    if not colon or not port:
        raise FlagError(f"-hin {text}: must be PROTOCOL:HOST:PORT, like tcp:0.0.0.0:9060")
    schemes = {"udp": ("udp",), "tcp": ("tcp",), "both": ("udp", "tcp")}.get(protocol)
    if schemes is None:
        raise FlagError(f"-hin {text}: HEP is taken by udp, tcp or both")
    return [f"{scheme}://{host or '0.0.0.0'}:{port}" for scheme in schemes]  # noqa: S104 - as heplify
