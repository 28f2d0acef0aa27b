"""hepscope: hosts: the machines, as node-exporter sees them (Alloy has one in it)."""

from dashboards.board import Board, Row
from dashboards.panels import BAD_ABOVE_ZERO, BYTES, PER_SECOND, PERCENT, Steps, graph
from dashboards.queries import Query
from dashboards.variables import metrics, of_label
from dashboards.views import RATE

FULL: Steps = ((None, "green"), (0.8, "yellow"), (0.9, "red"))
SOME = 'instance=~"$host"'
DISKS = f'{SOME}, fstype!~"tmpfs|ramfs|overlay|squashfs|nsfs|fuse.*"'


def board() -> Board:
    """Return the dashboard."""
    return Board(
        uid="hepscope-hosts",
        title="hepscope: hosts",
        description="The machines under hepscope and its database, from node-exporter (port 9100)"
        " or Alloy.",
        variables=[metrics(), of_label("host", "instance", "node_uname_info", "machines")],
        rows=[
            Row(
                "Processor and memory",
                [
                    graph("Processor", "Share in use. iowait and steal are in it: high with idle"
                          " processes, it is the disk or the neighbour.", PERCENT,
                          Query("1 - avg by (instance)"
                                f' (rate(node_cpu_seconds_total{{{SOME}, mode="idle"}}[{RATE}]))',
                                "{{instance}}"), steps=FULL, maximum=1),
                    graph("Waiting for disks", "Share of time in iowait.", PERCENT,
                          Query("avg by (instance)"
                                f' (rate(node_cpu_seconds_total{{{SOME}, mode="iowait"}}[{RATE}]))',
                                "{{instance}}")),
                    graph("Memory in use", "Without caches.", PERCENT,
                          Query(f"1 - node_memory_MemAvailable_bytes{{{SOME}}}"
                                f" / node_memory_MemTotal_bytes{{{SOME}}}", "{{instance}}"),
                          steps=FULL, maximum=1),
                    graph("Load by core", "Above 1 processes wait for a core.", "short",
                          Query(f"node_load5{{{SOME}}} / on (instance) count by (instance)"
                                f' (node_cpu_seconds_total{{{SOME}, mode="idle"}})',
                                "{{instance}}")),
                ],
            ),
            Row(
                "Disks",
                [
                    graph("Disk in use", "By file system. PostgreSQL stops at 100 %: budget and"
                          " retention are there to prevent it.", PERCENT,
                          Query(f"1 - node_filesystem_avail_bytes{{{DISKS}}}"
                                f" / node_filesystem_size_bytes{{{DISKS}}}",
                                "{{instance}} {{mountpoint}}"), steps=FULL, maximum=1),
                    graph("Disk busy", "Share of time with requests under way.", PERCENT,
                          Query(f"rate(node_disk_io_time_seconds_total{{{SOME}}}[{RATE}])",
                                "{{instance}} {{device}}"), maximum=1),
                    graph("Written", "Bytes a second.", "Bps",
                          Query(f"rate(node_disk_written_bytes_total{{{SOME}}}[{RATE}])",
                                "{{instance}} {{device}}")),
                    graph("Free space", "In bytes.", BYTES,
                          Query(f"node_filesystem_avail_bytes{{{DISKS}}}",
                                "{{instance}} {{mountpoint}}")),
                ],
            ),
            Row(
                "Network",
                [
                    graph("Received", "Bytes a second by interface; a mirror port shows what is"
                          " captured.", "Bps",
                          Query("rate(node_network_receive_bytes_total"
                                f'{{{SOME}, device!~"lo|veth.*"}}[{RATE}])',
                                "{{instance}} {{device}}")),
                    graph("Dropped by interfaces", "Packets a second: the ring of the card, or of"
                          " the capture, is too small.", PER_SECOND,
                          Query("rate(node_network_receive_drop_total"
                                f'{{{SOME}, device!~"lo|veth.*"}}[{RATE}])',
                                "{{instance}} {{device}}"), steps=BAD_ABOVE_ZERO),
                    graph("UDP without room", "Datagrams a second that a full receive buffer threw"
                          " away, of all programs on the machine.", PER_SECOND,
                          Query(f"rate(node_netstat_Udp_RcvbufErrors{{{SOME}}}[{RATE}])",
                                "{{instance}}"), steps=BAD_ABOVE_ZERO),
                    graph("Clock", "Offset from NTP. Captures of two machines are put in one flow:"
                          " milliseconds matter.", "s",
                          Query(f"node_timex_offset_seconds{{{SOME}}}", "{{instance}}"),
                          minimum=None),
                ],
            ),
        ],
    )  # fmt: skip
