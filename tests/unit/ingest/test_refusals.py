"""Every reason for which ingest does not take a packet has a count, and harms no other packet."""

import gzip
import logging
import random
import socket
import struct
import zlib

import pytest

from hep import Reason
from hepscope_common.bus import DEAD_LETTER, Record, TopicPartition
from hepscope_ingest.refusal import REASONS, Refusal
from support.builders import make_packet, make_request
from support.hep_wire import SIP_OPTIONS, generic, packet, start
from unit.ingest.conftest import MakeRig, Rig
from unit.ingest.test_listeners import PACKET, send_tcp, send_udp

KEY = b"\0\0\0\x0e\0\x0csecret"

DATAGRAMS: dict[str, bytes] = {
    Reason.EMPTY: b"",
    Reason.NOT_HEP: b"\x00",
    Reason.RAW_SIP: make_request(),
    Reason.PROTOBUF: b"\x08\x03\x10\x11",
    Reason.TRUNCATED: b"\x01\x10",
    Reason.BAD_LENGTH: b"HEP3\0\5",
    Reason.BAD_FAMILY: bytes([1, 99, 99, 17]) + bytes(40),
    Reason.INFLATE: packet(*start(), generic(16, b"\xff\xff")),
    Reason.TOO_LARGE: packet(*start(), generic(16, zlib.compress(bytes(1 << 21)))),
    Refusal.NO_PAYLOAD: make_packet(b""),
}
ELSEWHERE: dict[str, str] = {
    Reason.BAD_VALUE: "only a mistake of ours in the peer's address",
    Reason.AUTH_KEY: "test_only_packets_with_a_known_key_are_taken_once_keys_are_set",
    Refusal.RATE_LIMIT: "test_a_rate_limit_holds_one_peer_back",
    Refusal.CONNECTION_LIMIT: "test_connections_beyond_the_limit_are_closed_and_counted",
    Refusal.CUT_AT_CLOSE: "test_a_peer_that_stalls_hinders_nobody",
    Refusal.IDLE: "test_a_silent_connection_is_closed_where_a_setting_says_so",
    Refusal.TLS_ON_PLAIN: "test_tls_to_the_plain_port_is_refused_with_a_hint",
    Refusal.PLAIN_ON_TLS: "test_plain_bytes_to_the_tls_port_are_refused_with_a_hint",
    Refusal.TLS_HANDSHAKE: "test_a_handshake_that_does_not_end_is_cut_and_counted",
    Refusal.BAD_REQUEST: "test_requests_of_other_forms_are_refused_and_named",
    Refusal.ORIGIN: "test_a_page_of_another_site_is_refused",
    Refusal.NETWORK: "test_a_peer_of_another_network_is_refused",
    Refusal.NODE_KEY: "test_a_node_with_keys_of_its_own_needs_one_of_them",
    Refusal.NODE_RATE_LIMIT: "test_a_node_beyond_its_rate_is_held_back",
    Refusal.PROTOCOL_TYPE: "test_types_are_kept_out",
    Refusal.PAYLOAD_SIZE: "test_long_payloads_are_refused",
    Refusal.METHOD: "test_discarded_methods_can_be_counted_by_method",
    Refusal.FIELD_RULE: "test_field_rules_drop_and_keep",
    Refusal.DUPLICATE: "test_a_copy_of_another_node_is_taken_once",
}


def test_every_reason_is_tested() -> None:
    """Here or in the test that is named."""
    assert {*DATAGRAMS, *ELSEWHERE} == set(REASONS)


@pytest.mark.parametrize("reason", DATAGRAMS)
async def test_a_refused_datagram_is_counted_and_harms_nothing(rig: Rig, reason: str) -> None:
    """The good packet behind it is stored."""
    await send_udp(rig, DATAGRAMS[reason], PACKET)
    await rig.until(lambda: len(rig.on_bus()) == 1)
    assert rig.count("refused_total", reason=reason) == 1
    assert rig.count("accepted_total", version="3") == 1
    assert rig.count("received_total", transport="udp") == 2
    assert rig.count("peer_refused_packets", peer="127.0.0.1", reason=reason) == 1


@pytest.mark.parametrize("reason", [Reason.INFLATE, Reason.TOO_LARGE, Refusal.NO_PAYLOAD])
async def test_a_packet_refused_on_a_stream_leaves_the_stream(rig: Rig, reason: str) -> None:
    """Its length is sound, so the next packet is found."""
    await send_tcp(rig, DATAGRAMS[reason] + PACKET)
    await rig.until(lambda: len(rig.on_bus()) == 1)
    assert rig.count("refused_total", reason=reason) == 1
    assert rig.count("received_total", transport="tcp") == 2


async def test_garbage_behind_the_magic_is_refused(rig: Rig) -> None:
    """A packet that says neither its type nor a payload is not worth a row."""
    # The length is one that a header allows: below, it would be that which is refused.
    chance = random.Random(50)
    garbage = [b"HEP3\x01" + chance.randbytes(7 + size) for size in range(50)]
    await send_udp(rig, *garbage, PACKET)
    await rig.until(lambda: len(rig.on_bus()) == 1)
    assert rig.count("received_total", transport="udp") == 51
    assert rig.count("refused_total", reason=Refusal.NO_PAYLOAD) == 50


def dead_letters(rig: Rig) -> list[Record]:
    """What lies on the topic of dead letters."""
    log = rig.bus.logs[TopicPartition(DEAD_LETTER, 0)]
    return log.read(log.start, 1 << 30)


async def test_what_cannot_be_decoded_is_kept_with_its_reason_and_without_its_key(
    rig: Rig,
) -> None:
    """Byte for byte, but for the secret."""
    bad = packet(*start(), KEY, generic(16, b"\xff\xff"))
    await send_udp(rig, bad, gzip.compress(bad))
    await rig.until(lambda: rig.count("dead_letters_total") == 2)
    expected = bad.replace(b"secret", bytes(6))
    assert [record.value for record in dead_letters(rig)] == [expected, expected]
    headers = dict(dead_letters(rig)[0].headers)
    assert headers["reason"] == b"inflate"
    assert headers["peer"][:4] == bytes([127, 0, 0, 1])


async def test_what_does_not_fit_the_bus_is_a_dead_letter(rig: Rig) -> None:
    """65,535 bytes that cannot be compressed leave no room for our annotations."""
    large = make_packet(SIP_OPTIONS)
    large = make_packet(SIP_OPTIONS + random.randbytes(65_535 - len(large)))
    await send_tcp(rig, large)
    await rig.until(lambda: rig.count("dead_letters_total") == 1)
    assert rig.count("refused_total", reason="too_large") == 1
    assert dead_letters(rig)[0].value == large


async def test_a_flood_of_wrong_keys_is_counted_and_not_kept(make_rig: MakeRig) -> None:
    """Neither its payloads nor its keys reach the bus."""
    async with make_rig(auth_keys="right") as rig:
        await send_udp(rig, *[packet(*start(), KEY, generic(16, b"no zlib"))] * 50)
        await rig.until(lambda: rig.count("received_total", transport="udp") == 50)
        assert rig.count("refused_total", reason="auth_key") == 50
        assert rig.count("dead_letters_total") == 0
        assert rig.on_bus() == []


async def test_a_peer_beyond_its_rate_is_not_even_decoded(make_rig: MakeRig) -> None:
    """What is over the limit has no other reason than that."""
    async with make_rig(rate_limit=1) as rig:
        await send_udp(rig, *[b"\x07"] * 20)
        await rig.until(lambda: rig.count("received_total", transport="udp") == 20)
        refused = [rig.count("refused_total", reason=one) for one in ("rate_limit", "not_hep")]
        assert sum(refused) == 20
        # One a second passes, and a busy machine may let seconds pass.
        assert refused[0] >= 10


async def test_a_peer_that_resets_before_it_is_met_is_nothing(
    rig: Rig, caplog: pytest.LogCaptureFixture
) -> None:
    """A scanner's connection may be gone when it is accepted."""
    for _ in range(20):
        with socket.create_connection(rig.tcp) as scanner:
            scanner.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    await send_tcp(rig, PACKET)
    await rig.until(lambda: len(rig.on_bus()) == 1)
    await rig.until(lambda: rig.ingest.tcp[0].connections == 0)
    assert [line for line in caplog.records if line.levelno >= logging.ERROR] == []
