"""A whole hepscope through which traffic passed, and a Prometheus that watched it by our rules."""

import secrets
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from integration.observability.traffic import ATTEMPTS, COUNTRIES, NAMES, SECOND_US, Round
from support.countries import write_countries
from support.postgres import dsn_of, execute, run_apart
from support.prometheus import Prometheus
from support.prometheus_rules import RULES
from support.service import Service, data_directory, running_hepscope, until

ROUNDS = 3
"""Of which the first makes every series, so that the others are growth that can be seen."""

SCRAPE_SECONDS = 3
"""So much time a scrape may take, which is short for a busy machine."""


@dataclass(frozen=True, slots=True)
class Watched:
    """What tests ask."""

    hepscope: Service
    prometheus: Prometheus
    dsn: str
    start_us: int
    """Capture time of the first packet."""


@pytest.fixture(scope="package")
def watched(postgres_server: str, template_database: str) -> Iterator[Watched]:
    """Start both, send some rounds of traffic, and return once everything of them is scraped."""
    name = f"hepscope_watched_{secrets.token_hex(4)}"
    create = f"create database {name} template {template_database}"
    run_apart(lambda: execute(postgres_server, create))
    dsn = dsn_of(postgres_server, name)
    rules = {path.name: path.read_text() for path in RULES}
    with data_directory() as data_dir:
        write_countries(data_dir.with_name("countries.mmdb"), COUNTRIES)
        settings = _settings(dsn, data_dir)
        with running_hepscope(data_dir, settings=settings) as hepscope:
            target = hepscope.metrics_url.removeprefix("http://")
            with Prometheus([target], rules=rules, every_seconds=SCRAPE_SECONDS) as prometheus:
                start_us = round((time.time() - 120) * SECOND_US)
                for number in range(ROUNDS):
                    _play(hepscope, prometheus, Round(number, start_us + number * 100))
                until(lambda: _is_measured(hepscope), "attempts and media to be measured")
                prometheus.wait_for_rules()
                yield Watched(hepscope, prometheus, dsn, start_us)
    run_apart(lambda: execute(postgres_server, f"drop database {name} with (force)"))


def _settings(dsn: str, data_dir: Path) -> dict[str, str]:
    return {
        "HEPSCOPE_STORE__DSN": dsn,
        "HEPSCOPE_NAMES__TARGET_NAME": ",".join(NAMES),
        "HEPSCOPE_NAMES__TARGET_IP": ",".join(NAMES.values()),
        "HEPSCOPE_METRICS__LATE_SECONDS": "0",
        "HEPSCOPE_METRICS__GAUGE_SECONDS": "3600",
        "HEPSCOPE_METRICS__GEOIP_FILE": str(data_dir.with_name("countries.mmdb")),
        "HEPSCOPE_WRITER__MEASURE_QUIET_SECONDS": "0.5",
        # A server in a container has no disk here, of which a share would be the budget.
        "HEPSCOPE_RETENTION__DISK_BUDGET_BYTES": "1000000000000",
        "HEPSCOPE_INGEST__SPOOL_DIR": str(data_dir.parent / "spool"),
        "HEPSCOPE_INGEST__RULES__DISCARD_METHODS": "NOTIFY",
        "HEPSCOPE_INGEST__RULES__DISCARD_COUNT": "true",
    }


def _is_measured(hepscope: Service) -> bool:
    found = hepscope.metrics()
    return (
        found.value("hepscope_measurer_written_total") >= ROUNDS * ATTEMPTS
        and found.value("hepscope_measurer_behind_seconds") == 0
        and found.value("hepscope_media_joiner_calls_total") > 0
    )


def _play(hepscope: Service, prometheus: Prometheus, traffic: Round) -> None:
    """Send a round and wait until it is counted, stored, read by somebody and scraped twice."""
    packets = list(traffic.packets())
    hepscope.send_udp(packets)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.sendto(b"not HEP at all", hepscope.udp)
    rounds = traffic.number + 1

    def is_counted() -> bool:
        found = hepscope.metrics()
        refused, registered = {"status": "503"}, {"method": "REGISTER"}
        return (
            found.value("hepscope_attempts_settled_total", **refused) == rounds
            and found.value("hepscope_attempts_settled_total", **registered) == 4 * rounds
            and found.value("hepscope_sessions_ended_total") == 2 * rounds
        )

    until(is_counted, f"round {traffic.number} to be counted")
    hepscope.get("calls")
    assert hepscope.ask("calls", no_such_field="1").status_code == 400
    # The growth of the next round begins at a value that was seen.
    seen = f"sum(hepscope_sessions_ended_total) == {2 * rounds}"
    until(lambda: bool(prometheus.query(seen)), seen)
