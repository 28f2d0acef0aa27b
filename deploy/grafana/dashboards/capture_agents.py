"""hepscope: capture agents: what each sees, what it makes of it, and what becomes of that."""

from dashboards.board import Board, Row
from dashboards.panels import (
    BAD_ABOVE_ZERO,
    BAD_WHEN_HIGH,
    BYTES,
    PER_SECOND,
    PERCENT,
    SECONDS,
    PanelBuilder,
    graph,
    number,
)
from dashboards.queries import Query
from dashboards.variables import metrics, of_label
from dashboards.views import RATE

SOME = 'instance=~"$agent"'
AGENTS = f"count by (instance) (hepscope_capture_messages_total{{{SOME}}})"
TO = f'{SOME}, destination=~"$destination"'


def _rate(metric: str, by: str, where: str = SOME) -> str:
    return f"sum by ({by}) (rate(hepscope_capture_{metric}{{{where}}}[{RATE}]))"


def _of(metric: str, by: str = "instance, destination", where: str = TO) -> str:
    return f"max by ({by}) (hepscope_capture_{metric}{{{where}}})"


def _lost(metric: str, where: str = SOME) -> str:
    return f"sum(increase(hepscope_capture_{metric}{{{where}}}[1h]))"


def _event(table: str, event: str) -> str:
    return f'sum(rate(hepscope_capture_{table}{{{SOME}, event="{event}"}}[{RATE}]))'


def _seen_by(what: str) -> str:
    by = "instance, protocol, interface"
    return f"sum by ({by}) (rate(hepscope_capture_seen_{what}_total{{{SOME}}}[{RATE}]))"


def _pairs(directions: str) -> str:
    where = f'{SOME}, directions="{directions}"'
    return f"sum by (instance, what) (hepscope_capture_seen_pairs{{{where}}})"


def _now() -> list[PanelBuilder]:
    return [
        number("SIP messages", "Found each second, by all agents chosen.", PER_SECOND,
               Query(f"sum(rate(hepscope_capture_messages_total{{{SOME}}}[{RATE}]))")),
        number("RTCP reports", "Compounds found each second.", PER_SECOND,
               Query(f"sum(rate(hepscope_capture_reports_total{{{SOME}}}[{RATE}]))")),
        number("Lost by the kernel", "Frames in the last hour for which the ring had no room."
               " Anything above 0: see CaptureDrops.", "short",
               Query(_lost("kernel_drops_total")), steps=BAD_ABOVE_ZERO),
        number("Given up", "Packets in the last hour that no server took in time, or that were too"
               " large. Anything above 0: see CaptureLost.", "short",
               Query(_lost("dropped_total", TO)), steps=BAD_ABOVE_ZERO),
        number("Waiting", "Packets not delivered yet, in memory or on disk.", "short",
               Query(f"sum(hepscope_capture_backlog_packets{{{TO}}})")),
        number("Longest without progress", "For how long a server has taken nothing though"
               " something waits, or cannot be reached.", SECONDS,
               Query(f"max(hepscope_capture_stuck_seconds{{{TO}}})"),
               steps=((None, "green"), (5, "yellow"), (30, "red"))),
    ]  # fmt: skip


def _seen() -> list[PanelBuilder]:
    return [
        graph("Frames", "A second, by interface, behind the kernel's filter: media is not in it.",
              PER_SECOND, Query(_rate("frames_total", "instance, interface"),
                                "{{instance}} {{interface}}")),
        graph("Frames lost", "A second. The ring was full; cut: longer than the snap length.",
              PER_SECOND,
              Query(_rate("kernel_drops_total", "instance, interface"),
                    "{{instance}} {{interface}}"),
              Query(_rate("cut_frames_total", "instance, interface"),
                    "cut: {{instance}} {{interface}}"), steps=BAD_ABOVE_ZERO),
        graph("Interfaces", "1: captured, up and with a carrier. A mirror port that carries nothing"
              " is up as well.", "short",
              Query(_of("interface_up", "instance, interface", SOME),
                    "{{instance}} {{interface}}"), maximum=1),
        graph("Lost by cards", "Growth in five minutes of what cards and drivers say they lost, of"
              " all traffic, media too.", "short",
              Query("sum by (instance, interface, counter)"
                    f" (delta(hepscope_capture_card_drops{{{SOME}}}[5m]))",
                    "{{instance}} {{interface}} {{counter}}")),
        graph("Processor", "Share of one core, all processes of an agent together.", PERCENT,
              Query(f"sum by (instance) (rate(process_cpu_seconds_total{{{SOME}}}[{RATE}]))"
                    f" and {AGENTS}", "{{instance}}")),
        graph("Memory", "Resident, all processes of an agent together.", BYTES,
              Query(f"sum by (instance) (process_resident_memory_bytes{{{SOME}}}) and {AGENTS}",
                    "{{instance}}")),
    ]  # fmt: skip


def _found() -> list[PanelBuilder]:
    return [
        graph("Messages by agent", "SIP, each second.", PER_SECOND,
              Query(_rate("messages_total", "instance"), "{{instance}}"), is_stacked=True),
        graph("RTCP and log lines", "Each second, of all agents chosen.", PER_SECOND,
              Query(f"sum(rate(hepscope_capture_reports_total{{{SOME}}}[{RATE}]))", "RTCP"),
              Query(f"sum(rate(hepscope_capture_log_lines_total{{{SOME}}}[{RATE}]))",
                    "log lines")),
        graph("Frames that became no message", "By reason. not_sip: keep-alives and other things on"
              " SIP's ports; fragments_missing: the mirror loses packets.", PER_SECOND,
              Query(_rate("not_sent_total", "reason") + " > 0", "{{reason}}")),
        graph("Refused by filters", "Messages a second, by the rule that refused them.",
              PER_SECOND,
              Query(f"sum by (rule) (rate(hepscope_capture_refused_total{{{SOME}}}[{RATE}]))",
                    "{{rule}}")),
    ]  # fmt: skip


def _complete() -> list[PanelBuilder]:
    return [
        graph("Not shown to the capture", "Share of numbered packets that were missing here. TCP:"
              " both ends had them, so the mirror, the card or the ring lost them. RTP (only with"
              " --rtp-sample): or the network, before the mirror: RTCP of the same calls tells.",
              PERCENT,
              Query(f"{_seen_by('missing')} / {_seen_by('packets')}",
                    "{{instance}} {{protocol}} {{interface}}"), steps=BAD_WHEN_HIGH),
        graph("Seen in one direction only", "Share of pairs of hosts that sent SIP, and of streams"
              " of RTP. High: only one direction is mirrored.", PERCENT,
              Query(f"{_pairs('one_way')} / {_pairs('all')}", "{{instance}} {{what}}"), maximum=1),
        graph("TCP: messages and troubles", "Messages out of TCP and WebSocket each second;"
              " incomplete: began and never ended.", PER_SECOND,
              Query(_event("tcp_total", "messages"), "messages"),
              Query(_event("tcp_total", "incomplete"), "incomplete"),
              Query(_event("tcp_total", "gaps"), "gaps"),
              Query(_event("tcp_total", "websocket_undeflatable"),
                    "compressed, handshake not seen")),
        graph("Shown twice", "Packets of RTP a second (--rtp-sample): a mirror that has one path at"
              " two ports sends each message twice, too.", PER_SECOND,
              Query(_rate("seen_duplicate_total", "instance, interface"),
                    "{{instance}} {{interface}}")),
        graph("RTCP without a call", "Share of RTCP that no call could be found for; it is sent"
              " under its addresses. High: the SDP of these calls is not captured (TLS, another"
              " interface).", PERCENT,
              Query(f"{_event('rtcp_total', 'uncorrelated')} / {_event('rtcp_total', 'seen')}",
                    "without a call"), maximum=1),
        graph("RTCP: what told its call", "Each second, the most reliable first: the port of"
              " a=rtcp, rtcp-mux, ICE, RTP's own port, the source of the SIP, symmetric, SSRC.",
              PER_SECOND, Query(_rate("rtcp_matched_total", "evidence"), "{{evidence}}"),
              is_stacked=True),
        graph("RTCP: encrypted and damaged", "SRTCP, of which only the sender is told; datagrams"
              " with a fault.", PER_SECOND, Query(_event("rtcp_total", "srtcp"), "SRTCP"),
              Query(_event("rtcp_total", "dropped"), "damaged"),
              Query(_event("rtcp_total", "timed_out"), "waited for a call in vain")),
        graph("Files, relay and log inputs", "What came of directories that are watched, of HEP of"
              " other agents and of log lines, each second.", PER_SECOND,
              Query(_rate("files_total", "source, event") + " > 0", "{{source}} {{event}}"),
              Query(_rate("inputs_total", "input, event") + " > 0", "{{input}} {{event}}")),
    ]  # fmt: skip


def _delivered() -> list[PanelBuilder]:
    by = "instance, destination"
    name = "{{instance}} {{destination}}"
    return [
        graph("Taken and delivered", "Packets a second given to each server, and done with.",
              PER_SECOND, Query(_rate("taken_total", by, TO), f"taken: {name}"),
              Query(_rate("delivered_total", by, TO), f"delivered: {name}")),
        graph("Waiting", "Packets not delivered yet, in memory or on disk.", "short",
              Query(_of("backlog_packets"), name)),
        graph("Spool", "Bytes on the agent's disk, for a server that is away or slow, and how many"
              " it may have. It drains by itself; a healthy server costs no disk.", BYTES,
              Query(_of("spool_bytes"), name), Query(_of("spool_limit_bytes"), f"limit: {name}")),
        graph("Spool: time left", "Until it is full, as it grew in the last ten minutes; at most"
              " a week is shown. 0: there is no disk under it.", SECONDS,
              Query(f"clamp_max(({_of('spool_limit_bytes')} - {_of('spool_bytes')})"
                    f" / clamp_min(max by ({by}) (deriv(hepscope_capture_spool_bytes{{{TO}}}"
                    "[10m])), 1), 7 * 86400)", name)),
        graph("Memory of what waits", "Bytes, and how many may wait for one server.", BYTES,
              Query(_of("backlog_bytes"), name),
              Query(f"max(hepscope_capture_backlog_limit_bytes{{{SOME}}})", "limit")),
        graph("Without progress", "For how long packets have waited without any getting on, or"
              " there is no connection.", SECONDS, Query(_of("stuck_seconds"), name)),
        graph("Given up", "Packets a second, by reason: see CaptureLost.", PER_SECOND,
              Query(_rate("dropped_total", f"{by}, reason", TO), name + " {{reason}}"),
              steps=BAD_ABOVE_ZERO),
        graph("Connections", "Made, changed to another server of the group, and packets sent again"
              " for it, each second.", PER_SECOND,
              Query(_rate("connects_total", by, TO), f"made: {name}"),
              Query(_rate("failovers_total", by, TO), f"failover: {name}"),
              Query(_rate("resent_total", by, TO), f"sent again: {name}")),
        graph("Disk", "Packets a second written to the spool; what the disk refused, and what could"
              " not be read back.", PER_SECOND,
              Query(_rate("spooled_total", by, TO), f"written: {name}"),
              Query(_rate("spool_errors_total", by, TO), f"refused: {name}"),
              Query(_rate("spool_damaged_total", by, TO), f"damaged: {name}")),
        graph("At most lost with a connection", "Packets a second that a server without"
              " acknowledgements may have left unread when its connection broke.", PER_SECOND,
              Query(_rate("maybe_lost_total", by, TO), name)),
    ]  # fmt: skip


def board() -> Board:
    """Return the dashboard."""
    return Board(
        uid="hepscope-capture-agents",
        title="hepscope: capture agents",
        description="What each capture agent sees, finds and delivers, and each way to lose"
        " something in between. Prometheus has to read the agents' ops ports.",
        variables=[
            metrics(),
            of_label("agent", "instance", "hepscope_capture_messages_total", "capture agents"),
            of_label(
                "destination", "destination", "hepscope_capture_taken_total", "servers of agents"
            ),
        ],
        rows=[
            Row("Now", _now()),
            Row("What is seen", _seen()),
            Row("What is found", _found()),
            Row("Is it complete?", _complete()),
            Row("Delivery", _delivered()),
        ],
    )
