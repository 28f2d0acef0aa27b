"""Voice quality reports of SIP user agents: vq-rtcpxr bodies (RFC 6035 section 4.6).

Lines `Name: value`, the metric lines with blank-separated `KEY=value`. The body of a PUBLISH or
NOTIFY, or the payload of HEP types 35 and 99. Read as phones write them: any case, blanks around
`=` or semicolons between pairs, LF for CRLF, folded or indented lines, a report line without
colon, addresses as `IP PORT` or `IP:PORT`, SSRC with and without 0x, names of older drafts; 0, 127
and 65535 for unknown. A line that is none of the heading is a line of metrics, whatever its name.

Local metrics are of the stream that the reporter receives, so its SSRC is the remote one; remote
metrics are what the other end told of the stream that the reporter sends.
"""

import re
from dataclasses import dataclass, field

from hep.media import values
from hep.media.errors import MediaError, Reason
from hep.media.report import Plc, Source, StreamReport, Way

MEDIA_TYPE = "application/vq-rtcpxr"
MAX_BYTES = 64 * 1024
# A report has some thirty lines; this bounds what is made of a large body.
MAX_LINES = 512

_SOURCES = {
    "vqsessionreport": Source.VQ_SESSION,
    "vqintervalreport": Source.VQ_INTERVAL,
    "vqalertreport": Source.VQ_ALERT,
}
_HEADING = frozenset(
    {
        "callid",
        "localid",
        "remoteid",
        "origid",
        "fromid",
        "toid",
        "localaddr",
        "remoteaddr",
        "localgroup",
        "remotegroup",
        "localmac",
        "remotemac",
        "dialogid",
        "x-useragent",
    }
)
_LINE_END = re.compile(r"\r\n?|\n")
_REPORT_LINE = re.compile(r"(VQ(?:Session|Interval|Alert)Report)\b[ \t]*:?", re.IGNORECASE)
_NAMED = re.compile(r"[A-Za-z][\w-]*[ \t]*:")
# Quoted text is passed over, since it may hold what looks like a key (FMTP).
_KEY = re.compile(r'"[^"]*"|(?<![\w-])([A-Za-z][\w-]*)[ \t]*=')
_ADAPTS = {2: False, 3: True}
_PLC = {1: Plc.DISABLED, 2: Plc.ENHANCED, 3: Plc.STANDARD}
_SWITCH = {"on": True, "off": False}


@dataclass(slots=True)
class _Body:
    """One report as lines: its heading by lower-case name, its metrics by lower-case key."""

    source: Source
    opening: str
    heading: dict[str, str] = field(default_factory=dict)
    local: dict[str, str] = field(default_factory=dict)
    remote: dict[str, str] = field(default_factory=dict)


def looks_like_vq(payload: bytes) -> bool:
    """Whether the first line is a report line."""
    start = payload[:64].lstrip().lower()
    return start.startswith((b"vqsessionreport", b"vqintervalreport", b"vqalertreport"))


def reports_of_body(body: bytes) -> list[StreamReport]:
    """One report for each set of metrics; a body with none gives none.

    Raises MediaError: EMPTY, TOO_LARGE, TOO_MANY (lines), BAD_SHAPE (no report line).
    """
    if len(body) > MAX_BYTES:
        raise MediaError(Reason.TOO_LARGE, MAX_BYTES)
    text = body.decode("utf-8", "replace").strip(" \t\r\n\0\ufeff")
    if not text:
        raise MediaError(Reason.EMPTY, 0)
    bodies = _bodies(_unfolded(text))
    if not bodies:
        raise MediaError(Reason.BAD_SHAPE, 0)
    found: list[StreamReport] = []
    for read in bodies:
        if read.local:
            found.append(_report(read, read.local, Way.RECEIVED))
        if read.remote:
            found.append(_report(read, read.remote, Way.SENT))
    return found


def _unfolded(text: str) -> list[str]:
    lines: list[list[str]] = []
    for line in _LINE_END.split(text):
        bare = line.strip()
        if lines and bare != line.rstrip() and not _NAMED.match(bare):
            lines[-1].append(bare)
        elif bare:
            lines.append([bare])
        if len(lines) > MAX_LINES:
            raise MediaError(Reason.TOO_MANY, 0)
    return [" ".join(pieces) for pieces in lines]


def _bodies(lines: list[str]) -> list[_Body]:
    bodies: list[_Body] = []
    section: dict[str, str] = {}
    for line in lines:
        opening = _REPORT_LINE.match(line)
        if opening:
            body = _Body(_SOURCES[opening[1].lower()], line[opening.end() :].strip())
            bodies.append(body)
            section = body.local
            continue
        if not bodies:
            break
        name, _, value = line.partition(":")
        name = name.strip().lower()
        if name == "localmetrics":
            section = bodies[-1].local
        elif name == "remotemetrics":
            section = bodies[-1].remote
        elif name in _HEADING:
            bodies[-1].heading.setdefault(name, value.strip())
            continue
        for key, said in _pairs(value).items():
            section.setdefault(key, said)
    return bodies


def _pairs(text: str) -> dict[str, str]:
    """The values by lower-case key; a value goes on to the next key and may be empty."""
    pairs: dict[str, str] = {}
    keys = [match for match in _KEY.finditer(text) if match[1]]
    for number, match in enumerate(keys):
        end = keys[number + 1].start() if number + 1 < len(keys) else len(text)
        pairs.setdefault(match[1].lower(), text[match.end() : end].strip(' \t;"%'))
    return pairs


def _report(body: _Body, metrics: dict[str, str], way: Way) -> StreamReport:
    get = metrics.get
    report = StreamReport(
        source=body.source,
        way=way,
        is_final="callterm" in body.opening.lower(),
        start_us=values.rfc3339(get("start", "")),
        stop_us=values.rfc3339(get("stop", "")),
        fraction_lost=values.percentage(get("nlr")),
        fraction_discarded=values.percentage(get("jdr")),
        burst_density=values.percentage(get("bld")),
        burst_ms=values.milliseconds(get("bd")),
        gap_density=values.percentage(get("gld")),
        gap_ms=values.milliseconds(get("gd")),
        gmin=values.said_count(get("gmin"), 255),
        jitter_ms=values.milliseconds(get("iaj")),
        round_trip_ms=values.delay(get("rtd")),
        one_way_delay_ms=values.delay(get("owd")),
        end_system_delay_ms=values.delay(get("esd")),
        jitter_buffer_ms=values.delay(get("jbn")),
        jitter_buffer_max_ms=values.delay(get("jbm")),
        jitter_buffer_limit_ms=values.delay(get("jbx")),
        jitter_buffer_adapts=_ADAPTS.get(values.count(get("jba")) or 0),
        mos_lq=values.mos(get("moslq")),
        mos_cq=values.mos(get("moscq")),
        r_lq=values.rating(get("rlq")),
        r_cq=values.rating(get("rcq")),
        r_external_in=values.rating(get("extri")),
        r_external_out=values.rating(get("extro")),
        signal_dbm0=values.level(get("sl")),
        noise_dbm0=values.level(get("nl")),
        echo_return_loss_db=values.level(get("rerl")),
        codec=values.text((get("pd") or "").partition("/")[0]),
        payload_type=values.count(get("pt"), 127),
        clock_hz=values.said_count(get("sr"), 1_000_000),
        ptime_ms=_ptime(metrics),
        plc=_PLC.get(values.count(get("plc")) or 0),
        silence_suppression=_SWITCH.get(get("ssup", "").lower()),
    )
    _fill_heading(report, body, way)
    return report


def _ptime(metrics: dict[str, str]) -> float | None:
    """Speech in one packet: frame duration times frames, else by packets a second."""
    duration, frames = values.delay(metrics.get("fd")), values.said_count(metrics.get("fpp"))
    if duration and frames:
        return values.delay(duration * frames)
    rate = values.amount(metrics.get("pps"), 1000)
    return 1000 / rate if rate and rate >= 1 else duration


def _fill_heading(report: StreamReport, body: _Body, way: Way) -> None:
    get = body.heading.get
    call_id = get("callid") or get("dialogid", "").partition(";")[0]
    report.call_id = values.identifier(call_id)
    report.reporter = values.text(get("localid"))
    local = _address(get("localaddr", ""))
    remote = _address(get("remoteaddr", ""))
    report.local_address, report.local_port, local_ssrc = local
    report.remote_address, report.remote_port, remote_ssrc = remote
    if way is Way.RECEIVED:
        report.ssrc, report.reporter_ssrc = remote_ssrc, local_ssrc
    else:
        report.ssrc, report.reporter_ssrc = local_ssrc, remote_ssrc
    if body.source is Source.VQ_ALERT:
        opening = _pairs(body.opening)
        report.alert_metric = values.text(opening.get("type"), 32)
        report.alert_severity = values.text(opening.get("severity"), 32)


def _address(line: str) -> tuple[str | None, int | None, int | None]:
    """Address, port and SSRC of a LocalAddr or RemoteAddr line."""
    pairs = _pairs(line)
    words = [word for word in line.replace(";", " ").split() if "=" not in word]
    if "ip" in pairs:
        words = [pairs["ip"]]
    host, said_port = values.endpoint(words[0]) if words else (None, None)
    if said_port is None:
        said_port = values.port(pairs.get("port") or (words[1] if len(words) > 1 else None))
    return host, said_port, values.hexadecimal(pairs.get("ssrc", ""))
