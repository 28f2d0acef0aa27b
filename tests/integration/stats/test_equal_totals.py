"""The database and live counting agree on real and on realistic traffic, to the last attempt."""

from pathlib import Path

import httpx
import pytest

from hep import HepPacket, admit, decode3
from hepscope_standalone.demo.hep_packets import hep_packet
from hepscope_standalone.demo.traffic import generate
from integration.measuring import flows
from integration.measuring.rig import assert_sums_are_those_of_the_attempts
from integration.stats.asking import ask
from integration.stats.conftest import Put
from support.builders import BASE_US
from support.corpus_replay import HEP_RECORDINGS, hep_recording
from support.kpi_totals import answered_ratios, answered_times, totals_of
from support.sip_calls import DELAY_US, Sent, signals_of

pytestmark = pytest.mark.database

ALWAYS = {"start": "2001-01-01T00:00:00Z", "end": "2100-01-01T00:00:00Z"}


def as_sent(packet: bytes) -> Sent:
    """Return a packet as ingest puts it on the bus a moment after its capture."""
    admitted = admit(packet, received_at_us=BASE_US, peer=b"\x7f\0\0\1\0\x50")
    canonical: HepPacket = decode3(admitted.packet)
    return Sent(canonical.time_us, admitted.packet, canonical.time_us + DELAY_US)


async def assert_equal(client: httpx.AsyncClient, database: str, sent: list[Sent]) -> None:
    """Compare the answers of the API with the totals of live counting, node by node."""
    signals = signals_of(sent)
    for node in ("", *sorted({signal.node for signal in signals})):
        totals = totals_of(signals, node)
        scope = {"node": node} if node else {}
        answer = await ask(client, "kpi", **ALWAYS, **scope)
        assert answered_ratios(answer) == totals.ratios(), node
        assert answered_times(answer) == totals.times(), node
    await assert_sums_are_those_of_the_attempts(database)


@pytest.mark.parametrize("name", HEP_RECORDINGS)
async def test_recordings_of_agents(
    client: httpx.AsyncClient, put: Put, database: str, corpus: Path, name: str
) -> None:
    """As their agents sent them, in the order of arrival."""
    sent = [as_sent(packet) for packet in hep_recording(corpus, name).packets]
    assert totals_of(signals_of(sent)).invites.total() > 0

    await put(sent)

    await assert_equal(client, database, sent)


async def test_an_hour_of_calls(client: httpx.AsyncClient, put: Put, database: str) -> None:
    """Proxies, back-to-back legs, forks, failovers, scans, two nodes; and all that is hard."""
    traffic = generate(seed=7, end_us=BASE_US, calls=150, minutes=10)
    sent = [as_sent(hep_packet(capture)) for capture in traffic.captures]
    sent += flows.everything()
    sent.sort(key=lambda one: one.received_us)
    totals = totals_of(signals_of(sent))
    assert totals.invites.total() > 150
    assert totals.follow_ups
    assert totals.registers.total() > 100

    await put(sent)

    await assert_equal(client, database, sent)
