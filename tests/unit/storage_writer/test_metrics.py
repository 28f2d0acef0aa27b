"""Tests of the metrics."""

from prometheus_client import CollectorRegistry, generate_latest

from hepscope_storage_writer.metrics import Outcome, Samples, WriterMetrics


class Running:
    """Numbers as a running writer gives them."""

    backlog_bytes = 5.0
    lag_records = 6.0
    stopped_partitions = 1.0
    cached_calls = 7.0
    cached_origins = 8.0
    given_up_records = 9.0

    def batch_ages(self) -> Samples:
        """Return the age of one connection's batch."""
        return [(("0",), 1.5)]


def test_zero_is_visible_from_the_start() -> None:
    """Every reason and table has a sample before anything happened."""
    registry = CollectorRegistry()
    WriterMetrics(registry)

    text = generate_latest(registry).decode()

    assert 'hepscope_writer_rows_total{table="sip_call"} 0.0' in text
    assert 'hepscope_writer_dead_letters_total{reason="refused_by_database"} 0.0' in text
    assert 'hepscope_writer_times_replaced_total{reason="ntp_era"} 0.0' in text
    for outcome in Outcome:
        assert f'hepscope_writer_attempts_total{{outcome="{outcome}"}} 0.0' in text


def test_gauges_read_the_running_writer() -> None:
    """They have no samples before there is one."""
    registry = CollectorRegistry()
    metrics = WriterMetrics(registry)
    assert "hepscope_writer_backlog_bytes 5.0" not in generate_latest(registry).decode()

    metrics.watch(Running())

    text = generate_latest(registry).decode()
    assert "hepscope_writer_backlog_bytes 5.0" in text
    assert "hepscope_writer_stopped_partitions 1.0" in text
    assert "hepscope_writer_given_up_records 9.0" in text
    assert 'hepscope_writer_batch_age_seconds{connection="0"} 1.5' in text
