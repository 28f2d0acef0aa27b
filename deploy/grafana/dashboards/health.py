"""hepscope: health: whether what comes is taken, stored, counted and shown."""

from dashboards.board import Board, Row
from dashboards.panels import (
    BAD_ABOVE_ZERO,
    BYTES,
    PER_SECOND,
    PERCENT,
    SECONDS,
    PanelBuilder,
    graph,
    number,
)
from dashboards.queries import Query
from dashboards.variables import metrics
from dashboards.views import RATE


def _rate(metric: str, by: str = "", condition: str = "") -> str:
    grouped = f"sum by ({by}) " if by else "sum"
    return f"{grouped}(rate({metric}{condition}[{RATE}]))"


def _now() -> list[PanelBuilder]:
    return [
        number("Accepted", "Packets a second that ingest put on the bus.", PER_SECOND,
               Query(_rate("hepscope_ingest_accepted_total"))),
        number("Refused", "Packets and connections a second that ingest did not take; by reason"
               " below.", PER_SECOND, Query(_rate("hepscope_ingest_refused_total"))),
        number("Lost by the kernel", "Datagrams in the last hour for which the receive buffer had"
               " no room. Anything above 0: see IngestKernelDrops.", "short",
               Query("sum(increase(hepscope_ingest_udp_kernel_drops[1h]))"), steps=BAD_ABOVE_ZERO),
        number("Writer behind", "Records on the bus that are not stored yet.", "short",
               Query("sum(hepscope_writer_lag_records)")),
        number("Exporter behind", "Records on the bus that are not counted yet.", "short",
               Query("sum(hepscope_exporter_lag_records)")),
        number("Services that answer", "Share of scraped addresses of hepscope that answer.",
               PERCENT, Query('avg(up{job=~"hepscope.*"})'),
               steps=((None, "red"), (1, "green"))),
    ]  # fmt: skip


def _ingest() -> list[PanelBuilder]:
    return [
        graph("Received by transport", "Packets a second, whatever became of them.", PER_SECOND,
              Query(_rate("hepscope_ingest_received_total", "transport"), "{{transport}}"),
              is_stacked=True),
        graph("Refused by reason", "The three to know: auth and node_key (keys), network (a new"
              " agent), rate_limit (a flood, or a limit that is too tight).", PER_SECOND,
              Query(_rate("hepscope_ingest_refused_total", "reason") + " > 0", "{{reason}}")),
        graph("Datagrams lost by the kernel", "Each second, by socket. Raise net.core.rmem_max, or"
              " give ingest more sockets.", PER_SECOND,
              Query(_rate("hepscope_ingest_udp_kernel_drops", "listen, socket"),
                    "{{listen}} {{socket}}"), steps=BAD_ABOVE_ZERO),
        graph("Back-pressure", "Times a second that the bus was full and reading stopped.",
              PER_SECOND, Query(_rate("hepscope_ingest_stalls_total"), "stalls"),
              Query(_rate("hepscope_ingest_discarded_total", "method"),
                    "discarded: {{method}}")),
        graph("Waiting in ingest", "Packets accepted and not on the bus; of senders with"
              " acknowledgements, those not confirmed.", "short",
              Query("sum(hepscope_ingest_held_packets)", "held"),
              Query("sum(hepscope_ingest_unacknowledged_packets)", "unacknowledged")),
        graph("Open connections", "TCP, TLS and HTTP.", "short",
              Query("sum by (listen) (hepscope_ingest_tcp_connections)", "{{listen}}")),
        graph("Spool", "Bytes on the disk of ingest while the bus is away, and how many it may"
              " have. It drains by itself.", BYTES,
              Query("sum by (instance) (hepscope_ingest_spool_bytes)", "{{instance}}"),
              Query("sum by (instance) (hepscope_ingest_spool_limit_bytes)",
                    "{{instance}} limit")),
        graph("Age of the spool", "Of its oldest file: for how long the bus has been away.",
              SECONDS,
              Query("max by (instance) (hepscope_ingest_spool_oldest_seconds)", "{{instance}}")),
        graph("Certificate", "Time until the certificate of the TLS addresses expires.", SECONDS,
              Query("min by (instance) (hepscope_ingest_tls_certificate_expiry_seconds)"
                    " - time()", "{{instance}}"), minimum=None),
        graph("Sent again", "Packets a second that senders with acknowledgements sent again; each"
              " is stored once.", PER_SECOND,
              Query(_rate("hepscope_ingest_resent_total"), "sent again"),
              Query(_rate("hepscope_ingest_dead_letters_total"), "dead letters")),
    ]  # fmt: skip


def _kafka() -> list[PanelBuilder]:
    return [
        graph("Records put on Kafka", "Taken, and acknowledged by all replicas in sync.",
              PER_SECOND, Query(_rate("hepscope_bus_produced_records_total"), "taken"),
              Query(_rate("hepscope_bus_acknowledged_records_total"), "acknowledged")),
        graph("Kafka does not acknowledge", "For how long the slowest partition has waited. Above"
              " some seconds Kafka is in trouble.", SECONDS,
              Query("max by (instance) (hepscope_bus_producer_stalled_seconds)", "{{instance}}")),
        graph("Lag of groups", "Records that a group has not read.", "short",
              Query("sum by (group) (hepscope_bus_lag_records)", "{{group}}")),
        graph("Connections made anew", "Producers replaced and groups joined again, a second.",
              PER_SECOND, Query(_rate("hepscope_bus_producer_replaced_total"), "producers"),
              Query(_rate("hepscope_bus_rejoined_total"), "readers")),
    ]  # fmt: skip


def _writer() -> list[PanelBuilder]:
    return [
        graph("Rows committed", "By table.", PER_SECOND,
              Query(_rate("hepscope_writer_rows_total", "table"), "{{table}}"), is_stacked=True),
        graph("Attempts to store", "Batches a second by how they ended. busy: the database is away"
              " or refuses; poison: a row that it does not take.", PER_SECOND,
              Query(_rate("hepscope_writer_attempts_total", "outcome") + " > 0", "{{outcome}}")),
        graph("Behind", "Records on the bus that are not stored; a rising line is WriterLag.",
              "short", Query("sum by (instance) (hepscope_writer_lag_records)", "{{instance}}")),
        graph("Batch at work", "Its age, by connection. Minutes: something blocks it in the"
              " database.", SECONDS,
              Query("max by (instance, connection) (hepscope_writer_batch_age_seconds)",
                    "{{instance}} {{connection}}")),
        graph("Taken and not committed", "Bytes in the memory of writers.", BYTES,
              Query("sum by (instance) (hepscope_writer_backlog_bytes)", "{{instance}}")),
        graph("Put aside, strays, doubles", "Dead letters by reason, rows without a partition, and"
              " packets that were stored already.", PER_SECOND,
              Query(_rate("hepscope_writer_dead_letters_total", "reason"), "{{reason}}"),
              Query(_rate("hepscope_writer_strays_total"), "strays"),
              Query(_rate("hepscope_writer_duplicates_total"), "doubles")),
        graph("Measuring behind", "Age of what was stored and is not measured (attempts, KPIs of"
              " the page) or not joined to its call (media). Both wait while the writer is behind.",
              SECONDS, Query("max(hepscope_measurer_behind_seconds)", "attempts"),
              Query("max(hepscope_media_joiner_behind_seconds)", "media")),
        graph("Measured", "Calls and registrations measured, those given up, and media reports"
              " joined to their call after they were stored.", PER_SECOND,
              Query(_rate("hepscope_measurer_measured_total"), "measured"),
              Query(_rate("hepscope_measurer_failed_total"), "given up"),
              Query(_rate("hepscope_media_joiner_joined_total"), "media joined")),
        graph("Database", "Its size and budget.", BYTES,
              Query("max(hepscope_maintainer_database_bytes)", "size"),
              Query("max(hepscope_maintainer_budget_bytes)", "budget"),
              Query("max(hepscope_maintainer_shortfall_bytes)", "over budget for good")),
        graph("Size by table", "Bytes of partitions.", BYTES,
              Query("max by (root) (hepscope_maintainer_leaf_bytes)", "{{root}}"),
              is_stacked=True),
    ]  # fmt: skip


def _rest() -> list[PanelBuilder]:
    requests = "hepscope_api_http_requests_total"
    return [
        graph("Exporter: what it remembers", "Transactions of attempts, and descriptions for the"
              " codecs of media. Near metrics.max_attempts it forgets too early.", "short",
              Query("sum(hepscope_exporter_attempts)", "attempts"),
              Query("sum(hepscope_exporter_descriptions)", "descriptions"),
              Query("sum(hepscope_exporter_series_exposed)", "series")),
        graph("Exporter: trouble", "Attempts forgotten too early, packets that could not be"
              " decoded, records that the bus had lost.", PER_SECOND,
              Query(_rate("hepscope_exporter_evicted_total"), "forgotten"),
              Query(_rate("hepscope_exporter_undecodable_total"), "undecodable"),
              Query(_rate("hepscope_exporter_skipped_records_total"), "records skipped")),
        graph("API: requests", "By route and class of status.", PER_SECOND,
              Query(_rate(requests, "handler, status"), "{{handler}} {{status}}")),
        graph("API: duration, 95 of 100", "By route.", SECONDS,
              Query("histogram_quantile(0.95, sum by (handler, le)"
                    f" (rate(hepscope_api_http_request_duration_seconds_bucket[{RATE}])))",
                    "{{handler}}")),
        graph("API: what failed", "Statements that gave no rows, and problems answered, by kind.",
              PER_SECOND,
              Query(_rate("hepscope_api_database_failures_total", "reason"),
                    "database: {{reason}}"),
              Query(_rate("hepscope_api_problems_total", "kind") + " > 0", "{{kind}}")),
        graph("Processor", "Share of one core; ingest, writer and exporter each use one.", PERCENT,
              Query('sum by (job, instance) (rate(process_cpu_seconds_total{job=~"hepscope.*"}'
                    f"[{RATE}]))", "{{job}} {{instance}}")),
        graph("Memory", "Resident.", BYTES,
              Query('process_resident_memory_bytes{job=~"hepscope.*"}', "{{job}} {{instance}}")),
        graph("Up since", "Age of each process; it falls to 0 with a restart.", SECONDS,
              Query('time() - process_start_time_seconds{job=~"hepscope.*"}',
                    "{{job}} {{instance}}")),
    ]  # fmt: skip


def board() -> Board:
    """Return the dashboard."""
    return Board(
        uid="hepscope-health",
        title="hepscope: health",
        description="Whether what comes is taken, stored, counted and shown: every place where a"
        " packet can wait or be lost, with its counter.",
        variables=[metrics()],
        rows=[
            Row("Now", _now()),
            Row("Ingest", _ingest()),
            Row("Kafka (not with `hepscope run`)", _kafka()),
            Row("Writer and database", _writer()),
            Row("Exporter, API, processes", _rest()),
        ],
    )
