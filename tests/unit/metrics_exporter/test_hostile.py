"""What a flood of made-up traffic cannot do: grow the exposition, or the memory, without end."""

import random
import tracemalloc

from prometheus_client.parser import text_string_to_metric_families

from hepscope_common.metrics import expose
from support.builders import BASE_US, make_packet, make_request, make_response
from unit.metrics_exporter.exporter_world import World, world

MAX_SERIES = 40_000
"""With the default settings, whatever comes; a usual installation has some thousand."""


def flood(count: int, dice: random.Random) -> list[bytes]:
    """Return packets whose every field is another one each time."""
    packets = []
    for number in range(count):
        noise = f"{dice.getrandbits(64):016x}"
        # Most names are seen again, so that each of them shows everything that it can.
        name = noise if number % 200 == 0 else str(dice.randrange(180))
        node = f'node-{name}\u0007\n"\\'.encode()
        payload = dice.choice(
            [
                make_request(
                    "INVITE", f"{number // 8:08d}", headers=f"Reason: Q.850;cause={number}\r\n"
                ),
                make_request(noise[:8].upper(), noise),
                make_response(200 + number % 500, noise, "INVITE", f"{number // 8:08d}"),
                make_response(200 + number % 500, "", noise, noise),
                make_request("REGISTER", noise).replace(b"builder/1", noise.encode()),
                b"SIP/2.0 " + noise.encode(),
                dice.randbytes(200),
            ]
        )
        source = f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
        packets.append(
            make_packet(
                payload, time_us=BASE_US + number, source=source, node_name=node,
                protocol_type=dice.choice([1, 1, 1, 1, number % 256]),
            )
        )  # fmt: skip
    return packets


def feed(found: World, packets: list[bytes]) -> None:
    """Put packets on the bus, many in a record."""
    for at in range(0, len(packets), 100):
        found.send(*packets[at : at + 100], received_at_us=BASE_US + at)


async def test_the_number_of_series_is_bounded() -> None:
    """Nodes, methods, codes, causes and agents of a flood are other; the text stays sound."""
    async with world() as found:
        feed(found, flood(6000, random.Random(1)))
        await found.settle()
        found.now[0] += 3600_000_000
        await found.settle()
    exposed = found.value("hepscope_exporter_series_exposed")
    assert exposed is not None
    assert exposed < MAX_SERIES
    text = expose(found.registry, "")[0].decode()
    samples = [
        sample
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if not family.name.startswith("hepscope_exporter_series")
    ]
    assert len(samples) == exposed


async def test_the_memory_is_bounded_under_distinct_call_ids() -> None:
    """What is too much is settled early, and counted as that; the rest goes on."""
    async with world(max_attempts=1000, max_sessions=1000, sdp_bytes=100_000) as found:
        tracemalloc.start()
        try:
            sizes = []
            for batch in range(3):
                for number in range(3000):
                    call_id = f"{batch}-{number:06d}@flood"
                    found.send(
                        make_packet(make_request(call_id=call_id), time_us=BASE_US + number),
                        make_packet(make_response(200, call_id=call_id), time_us=BASE_US + number),
                        received_at_us=BASE_US + number,
                    )
                await found.settle()
                sizes.append(tracemalloc.get_traced_memory()[0])
        finally:
            tracemalloc.stop()
    assert found.value("hepscope_exporter_attempts") <= 1000  # type: ignore[operator]
    assert found.total("hepscope_exporter_evicted_total") > 0
    assert found.total("hepscope_attempts_opened_total") == 9000
    assert sizes[2] - sizes[1] < sizes[0] / 2
