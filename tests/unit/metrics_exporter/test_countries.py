"""Countries of addresses: a file that the user supplies, and may replace or spoil."""

import os
from pathlib import Path

import pytest
from mmdb_writer import MMDBWriter
from netaddr import IPSet

from hepscope_metrics_exporter.countries import MAX_REMEMBERED, UNKNOWN, Countries
from unit.metrics_exporter.call_flow import CallFlow
from unit.metrics_exporter.exporter_world import world

DUTCH, GERMAN = bytes((192, 0, 2, 1)), bytes((198, 51, 100, 7))
ODD, NOBODY = bytes((203, 0, 113, 9)), bytes((10, 0, 0, 1))
SIX = bytes.fromhex("20010db8" + "0" * 23 + "1")


def write(file: Path, german: str = "DE") -> None:
    """Write a database of three networks, in the way of its publishers: beside, then renamed."""
    writer = MMDBWriter(ip_version=6, ipv4_compatible=True, database_type="Test-Country")
    for network, record in {
        "192.0.2.0/24": {"country": {"iso_code": "NL"}},
        "2001:db8::/32": {"country": {"iso_code": "NL"}},
        "198.51.100.0/24": {"registered_country": {"iso_code": german}},
        "203.0.113.0/24": {"country": {"iso_code": '<b>"'}},
    }.items():
        writer.insert_network(IPSet([network]), record)
    beside = file.with_suffix(".new")
    writer.to_db_file(str(beside))
    beside.rename(file)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A database of countries."""
    found = tmp_path / "countries.mmdb"
    write(found)
    return found


def test_country_of_an_address(file: Path) -> None:
    """By country, else by where it is registered; what is no code, private or no address is not."""
    countries = Countries(file)

    codes = [countries.code(one) for one in (DUTCH, SIX, GERMAN, ODD, NOBODY, b"", b"\0" * 5)]

    assert codes == ["NL", "NL", "DE", UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN]


def test_a_file_that_cannot_be_read_is_tried_again(tmp_path: Path) -> None:
    """Who mends the right to read it does not change it."""
    countries = Countries(tmp_path)
    countries.refresh()
    assert countries.errors == 2


def test_a_new_file_takes_effect(file: Path) -> None:
    """What was remembered of the old one is forgotten."""
    countries = Countries(file)
    assert countries.code(GERMAN) == "DE"

    write(file, german="AT")
    countries.refresh()

    assert countries.code(GERMAN) == "AT"


@pytest.mark.parametrize("content", [b"", b"no database", os.urandom(4096)])
def test_a_file_that_is_none_changes_nothing(file: Path, content: bytes) -> None:
    """It is counted, once for each such file."""
    countries = Countries(file)
    file.write_bytes(content)

    countries.refresh()
    countries.refresh()

    assert (countries.errors, countries.code(GERMAN)) == (1, "DE")


def test_a_file_may_come_later(tmp_path: Path) -> None:
    """Until then nothing is known."""
    file = tmp_path / "later.mmdb"
    countries = Countries(file)
    assert (countries.is_known, countries.errors) == (False, 1)

    write(file)
    countries.refresh()

    assert (countries.is_known, countries.code(DUTCH)) == (True, "NL")


def test_memory_is_bounded(file: Path) -> None:
    """A scan of every address begins it anew."""
    countries = Countries(file)
    for number in range(MAX_REMEMBERED + 10):
        countries.code(number.to_bytes(4, "big"))

    assert len(countries._remembered) == 10


async def test_attempts_are_counted_by_country(file: Path) -> None:
    """Of the address that sent them, whoever answers; and not at all without a file."""
    flows = [
        CallFlow("nl", caller="192.0.2.1").request(0, "INVITE").response(1, 486),
        CallFlow("de", caller="198.51.100.7").request(0, "INVITE").response(1, 200),
        CallFlow("lan", caller="10.0.0.1")
        .request(0, "REGISTER")
        .response(1, 403, method="REGISTER"),
    ]
    async with world(geoip_file=str(file)) as exporter:
        await exporter.play(*flows)
        counted = {
            country: exporter.total("hepscope_country_attempts_settled_total", country=country)
            for country in ("NL", "DE", UNKNOWN)
        }
    async with world() as without:
        await without.play(*flows)

    assert counted == {"NL": 1, "DE": 1, UNKNOWN: 1}
    assert without.total("hepscope_country_attempts_settled_total") == 0
