"""Loki's configuration: it keeps what it should for as long as it may, and takes what is sent."""

import re
from pathlib import Path
from typing import Final

import yaml

from hepscope_storage_writer.loki.settings import LokiSettings
from support.grafana import ROOT
from support.observability import Yaml, menu, mounts, services

DURATION: Final = re.compile(r"(\d+)(m|h)")


def hours(text: str) -> float:
    """Return a duration in hours."""
    found = DURATION.fullmatch(text)
    assert found, text
    return int(found[1]) / (60 if found[2] == "m" else 1)


def loki() -> Yaml:
    """Return Loki's configuration with its one variable replaced."""
    text = (ROOT / "deploy/loki/loki.yaml").read_text()
    name = "LOKI_RETENTION_HOURS"
    assert set(re.findall(r"\$\{(\w+)\}", re.sub("#.*", "", text))) == {name}
    assert name in services()["loki"]["environment"]
    found: Yaml = yaml.safe_load(text.replace(f"${{{name}}}", menu()[name]))
    return found


def test_loki_keeps_its_index_as_version_3_wants() -> None:
    """TSDB and schema 13, without which there is no structured metadata; days, for retention."""
    (period,) = loki()["schema_config"]["configs"]
    assert (period["store"], period["schema"]) == ("tsdb", "v13")
    assert period["index"]["period"] == "24h"
    assert period["object_store"] == "filesystem"
    assert loki()["limits_config"]["allow_structured_metadata"] is True


def test_loki_forgets_by_age_and_by_the_budget() -> None:
    """The compactor deletes; the override is the file that the budget writes."""
    config = loki()
    assert config["compactor"]["retention_enabled"] is True
    assert config["compactor"]["delete_request_store"] == "filesystem"
    assert config["limits_config"]["retention_period"] == f"{menu()['LOKI_RETENTION_HOURS']}h"
    written = Path(services()["loki-budget"]["environment"]["LOKI_OVERRIDES"])
    read = Path(config["runtime_config"]["file"])
    assert written.name == read.name
    writer, reader = mounts("loki-budget"), mounts("loki")
    assert writer[str(written.parent)] == reader[str(read.parent)] == "loki-runtime"
    assert writer["/loki"] == reader["/loki"]
    assert config["common"]["path_prefix"] == "/loki"
    assert services()["loki"]["depends_on"] == {"loki-budget": {"condition": "service_healthy"}}


def test_loki_takes_what_a_writer_catches_up_with() -> None:
    """After an outage as long as the bus bridges, as large as the sink sends it."""
    limits, sink = loki()["limits_config"], LokiSettings()
    kept = int(menu()["HEPSCOPE_BUS__RETENTION_HOURS"])
    assert hours(limits["reject_old_samples_max_age"]) > kept
    assert hours(limits["creation_grace_period"]) > 1
    assert limits["ingestion_burst_size_mb"] * 1_000_000 >= 8 * sink.batch_bytes
    assert limits["max_line_size"] == "1MB"
    assert sink.max_line_bytes <= 1_000_000
    assert loki()["server"]["grpc_server_max_recv_msg_size"] >= 4 * sink.batch_bytes
    assert sink.partition_label
    assert hours(loki()["ingester"]["max_chunk_age"]) >= 2
    # Or what is in memory alone, older than that, would not be found.
    assert loki()["querier"]["query_ingesters_within"] == 0


def test_loki_reports_nothing_home() -> None:
    """It would by default."""
    assert loki()["analytics"] == {"reporting_enabled": False}
