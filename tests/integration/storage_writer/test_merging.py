"""Call rows do not depend on the order, the batching or the memory of the writer."""

import random
from collections.abc import Sequence
from dataclasses import dataclass

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hep import decode3
from hep.sip import parse
from hepscope_common.calls import CallFacts, Envelope, facts_of
from hepscope_common.calls.keys import origin_key
from hepscope_common.calls.registration import RegistrationFacts
from hepscope_common.store.connection import Access, connect
from hepscope_storage_writer.call_table import CALLS, KeyedCall
from hepscope_storage_writer.fact_writer import write_facts
from hepscope_storage_writer.registration_table import REGISTRATIONS
from integration.storage_writer.rig import NOW_US, SETTINGS, fetch, make_bus, put, running
from support.builders import make_packet, make_request, make_response
from support.postgres import run_apart

pytestmark = pytest.mark.database

MIDNIGHT_US = NOW_US - NOW_US % 86_400_000_000
QUICK = settings(
    max_examples=8,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
COLUMNS = ", ".join(name for name in [*CALLS.names, "status", "reason"] if name != "key_time")


def traffic(seed: int, calls: int = 6) -> list[bytes]:
    """Return packets of calls with challenges, forks and failures around midnight."""
    chance = random.Random(seed)
    packets: list[bytes] = []
    for number in range(calls):
        call_id = f"call-{number}"
        start = MIDNIGHT_US - 20_000_000 + chance.randrange(30_000_000)
        payloads = [make_request("INVITE", call_id, from_user=f"user{number}")]
        if chance.random() < 0.4:
            payloads += [make_response(407, "Proxy Auth", call_id=call_id)]
            payloads += [make_request("INVITE", call_id, cseq=2)]
        for _ in range(chance.randrange(1, 4)):
            status, reason = chance.choice([(180, "Ringing"), (183, "Progress"), (486, "Busy")])
            payloads.append(make_response(status, reason, call_id=call_id, cseq=2))
        if chance.random() < 0.7:
            payloads.append(make_response(200, "OK", call_id=call_id, cseq=2))
            payloads.append(make_request("BYE", call_id, cseq=3, to_tag="to-1"))
            payloads.append(make_response(200, "Bye OK", "BYE", call_id, cseq=3))
        else:
            payloads.append(make_request("CANCEL", call_id, cseq=2))
        for step, payload in enumerate(payloads):
            there = chance.random() < 0.5
            packets.append(
                make_packet(
                    payload,
                    time_us=start + step * 1_000_000 + chance.randrange(3) * 500_000,
                    source="192.0.2.1" if there else "2001:db8::2",
                    destination="192.0.2.2" if there else "2001:db8::1",
                    node_id=chance.randrange(1, 4),
                )
            )
    return packets


async def stored_calls(database: str) -> list[dict[str, object]]:
    """Return all call rows without their key, which is the time of the first to come."""
    rows = await fetch(database, f"select {COLUMNS} from hepscope.call order by call_id")
    return [dict(row) for row in rows]


async def store_in_pieces(
    database: str, packets: Sequence[bytes], *, per_record: int, per_batch: int, cache: int
) -> list[dict[str, object]]:
    """Empty the database, store the packets so, and return the calls."""
    await fetch(database, "truncate hepscope.call, hepscope.sip, hepscope.bus_position")
    bus = make_bus(partitions=2)
    put(bus, packets, per_record=per_record)
    chosen = SETTINGS.model_copy(update={"batch_packets": per_batch, "call_cache": cache})
    async with running(bus, database, chosen):
        pass
    return await stored_calls(database)


@dataclass(frozen=True)
class Way:
    """A way of storing the same messages."""

    shuffle: random.Random
    per_record: int
    per_batch: int
    cache: int


WAYS = st.builds(
    Way,
    st.randoms(use_true_random=False),
    per_record=st.integers(1, 30),
    per_batch=st.integers(1, 60),
    cache=st.sampled_from([1, 2, 1000]),
)


@QUICK
@given(seed=st.integers(0, 1000), way=WAYS)
def test_any_order_batching_and_memory_give_the_same_calls(
    database: str, seed: int, way: Way
) -> None:
    """Messages in any order, in any batches, with a cache of any size: the same rows."""
    packets = traffic(seed)
    mixed = list(packets)
    way.shuffle.shuffle(mixed)

    async def both() -> tuple[list[dict[str, object]], list[dict[str, object]]]:
        whole = await store_in_pieces(
            database, packets, per_record=1000, per_batch=8000, cache=1000
        )
        pieces = await store_in_pieces(
            database,
            mixed,
            per_record=way.per_record,
            per_batch=way.per_batch,
            cache=way.cache,
        )
        return whole, pieces

    whole, pieces = run_apart(both)

    assert pieces == whole
    assert sum(int(str(call["message_count"])) for call in pieces) == len(packets)


# The merge in SQL is the merge in Python, also where keys are equal.

_TIMES = st.one_of(st.none(), st.integers(NOW_US, NOW_US + 3))
_WORDS = st.sampled_from(["", "a", "b", "é", "Z", "aa"])
_ADDRESSES = st.sampled_from([b"", bytes([10, 0, 0, 1]), bytes([10, 0, 0, 2])])
_FINALS = st.dictionaries(
    st.sampled_from(["INVITE", "BYE", "OPTIONS"]),
    st.tuples(st.sampled_from([200, 486, (1 << 61) | 404]), _WORDS),
    max_size=3,
)
_NODES = st.lists(st.sampled_from([f"n{n}" for n in range(20)]), max_size=16, unique=True).map(
    lambda names: tuple(sorted(names))
)
_ORIGINS = st.builds(
    origin_key, st.integers(0, 2), st.integers(NOW_US, NOW_US + 1), st.integers(0, 1)
)
CALL_FACTS = st.builds(
    CallFacts,
    call_id=st.just("x"),
    started_us=st.integers(NOW_US, NOW_US + 5),
    last_us=st.integers(NOW_US, NOW_US + 5),
    origin_key=_ORIGINS,
    method=st.sampled_from(["INVITE", "BYE"]),
    from_user=_WORDS,
    from_domain=_WORDS,
    to_user=_WORDS,
    to_domain=_WORDS,
    ruri_user=_WORDS,
    ruri_domain=_WORDS,
    source=_ADDRESSES,
    source_port=st.integers(0, 2),
    destination=_ADDRESSES,
    destination_port=st.integers(0, 2),
    user_agent=_WORDS,
    message_count=st.integers(1, 5),
    invite_count=st.integers(0, 5),
    bytes=st.integers(0, 1000),
    flags=st.integers(0, 31),
    methods=st.integers(0, 1 << 30),
    nodes=_NODES,
    finals=_FINALS,
    invite_us=_TIMES,
    ringing_us=_TIMES,
    progress_us=_TIMES,
    answered_us=_TIMES,
    cancelled_us=_TIMES,
    bye_us=_TIMES,
)
_BINDINGS = st.one_of(
    st.just((None, None)), st.tuples(st.integers(NOW_US, NOW_US + 1), st.integers(0, 2))
)
REGISTRATION_FACTS = st.builds(
    lambda binding, **values: RegistrationFacts(
        registered_us=binding[0], expires=binding[1], **values
    ),
    _BINDINGS,
    call_id=st.just("x"),
    day_us=st.just(MIDNIGHT_US),
    started_us=st.integers(NOW_US, NOW_US + 5),
    last_us=st.integers(NOW_US, NOW_US + 5),
    origin_key=_ORIGINS,
    aor_user=_WORDS,
    aor_domain=_WORDS,
    contact=_WORDS,
    user_agent=_WORDS,
    source=_ADDRESSES,
    source_port=st.integers(0, 2),
    destination=_ADDRESSES,
    destination_port=st.integers(0, 2),
    message_count=st.integers(1, 5),
    nodes=_NODES,
    finals=_FINALS.map(lambda finals: {"REGISTER": max(finals.values())} if finals else {}),
)


@QUICK
@given(first=CALL_FACTS, second=CALL_FACTS)
def test_calls_merge_in_sql_as_in_python(
    database: str, first: CallFacts, second: CallFacts
) -> None:
    """Storing two facts one after the other is storing their merge."""
    key = MIDNIGHT_US
    run_apart(lambda: _compare_calls(database, key, first, second))


async def _compare_calls(database: str, key: int, first: CallFacts, second: CallFacts) -> None:
    one_by_one = [{"x": KeyedCall(key, first)}, {"x": KeyedCall(key, second)}]
    apart = await _merged(database, CALLS.root, [[found["x"]] for found in one_by_one])
    together = await _merged(database, CALLS.root, [[KeyedCall(key, first.merge(second))]])
    assert apart == together


@QUICK
@given(first=REGISTRATION_FACTS, second=REGISTRATION_FACTS)
def test_registrations_merge_in_sql_as_in_python(
    database: str, first: RegistrationFacts, second: RegistrationFacts
) -> None:
    """Storing two facts one after the other is storing their merge."""
    run_apart(lambda: _compare_registrations(database, first, second))


async def _compare_registrations(
    database: str, first: RegistrationFacts, second: RegistrationFacts
) -> None:
    apart = await _merged(database, REGISTRATIONS.root, [[first], [second]])
    together = await _merged(database, REGISTRATIONS.root, [[first.merge(second)]])
    assert apart == together


async def _merged(
    database: str, root: str, steps: Sequence[Sequence[KeyedCall | RegistrationFacts]]
) -> dict[str, object]:
    connection = await connect(database, Access.WRITER, application_name="test")
    try:
        leaf = await connection.fetchval(
            "select leaf from hepscope.ensure_partition($1::text::regclass,"
            " 'epoch'::timestamptz + $2::bigint * interval '1 microsecond',"
            " 'epoch'::timestamptz + $2::bigint * interval '1 microsecond')",
            f"hepscope.{root}",
            MIDNIGHT_US,
        )
        await connection.execute(CALLS.create_staging)
        await connection.execute(REGISTRATIONS.create_staging)
        transaction = connection.transaction()
        await transaction.start()
        for step in steps:
            await connection.execute(f"truncate pg_temp.new_{root}")
            for facts in step:
                if isinstance(facts, KeyedCall):
                    await write_facts(connection, CALLS, {leaf: [(facts.key_us, facts)]})
                else:
                    await write_facts(connection, REGISTRATIONS, {leaf: [(facts.day_us, facts)]})
        row = await connection.fetchrow(f'select * from hepscope."{leaf}"')
        await transaction.rollback()
        assert row is not None
        return dict(row)
    finally:
        await connection.close()


async def test_rows_are_the_facts_of_all_their_messages(database: str) -> None:
    """What is stored of a call is what merging its messages in Python gives."""
    packets = traffic(3, calls=1)
    expected: CallFacts | None = None
    for packet in map(decode3, packets):
        envelope = Envelope(
            packet.time_us,
            NOW_US,
            packet.source,
            packet.source_port,
            packet.destination,
            packet.destination_port,
            "udp",
            str(packet.node_id),
            len(packet.payload),
        )
        facts = facts_of(parse(packet.payload), envelope)
        expected = facts if expected is None else expected.merge(facts)
    assert expected is not None

    (call,) = await store_in_pieces(database, packets, per_record=2, per_batch=2, cache=10)

    assert call["origin_key"] == expected.origin_key
    assert (call["status"], call["reason"]) == (expected.status, expected.reason)
    assert call["nodes"] == list(expected.nodes)
    assert call["message_count"] == expected.message_count == len(packets)
    assert call["flags"] == expected.flags
