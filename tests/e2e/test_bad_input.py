"""Bad input of every kind between two good packets: it is counted, and the good ones are stored."""

import base64
import random
import resource
import socket
import struct
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from hep import StreamDecoder, decode3, encode_hello
from support.builders import make_packet, make_request
from support.hep_wire import generic, packet, start
from support.service import (
    PATIENCE_SECONDS,
    Json,
    Service,
    running_hepscope,
    until,
)

pytestmark = pytest.mark.database

SEED = 20261124
NTP_OFFSET_SECONDS = 2_208_988_800
MAX_RSS_BYTES = 700 * 1024 * 1024
"""Buffers are bounded by settings to far less; this notices growth without bound."""


@pytest.fixture(scope="module")
def own(request: pytest.FixtureRequest) -> Iterator[Service]:
    """A hepscope with default settings, so that old times are too old."""
    with running_hepscope() as service:
        yield service
    assert "Traceback" not in service.log, request.module


def now_us() -> int:
    """The time of day."""
    return time.time_ns() // 1000


def good(call_id: str) -> bytes:
    """A packet with nothing wrong."""
    return make_packet(make_request("OPTIONS", call_id), time_us=now_us())


def refused(service: Service, reason: str) -> int:
    """How many packets were refused for a reason."""
    return int(service.metrics().value("hepscope_ingest_refused_total", reason=reason))


def between(service: Service, name: str, bad: bytes) -> None:
    """Send bad bytes as a datagram between two good packets, which must be stored."""
    before, after = f"{name}-before@example.org", f"{name}-after@example.org"
    service.send_udp([good(before), bad, good(after)])
    service.call_with(before, 1)
    service.call_with(after, 1)
    assert service.exit_code is None


def only_message(service: Service, call_id: str) -> Json:
    """The one message of a call, with payload."""
    service.call_with(call_id, 1)
    messages = service.messages(call_id, include="payload")
    assert len(messages) == 1
    return messages[0]


def payload_of(message: Json) -> bytes:
    """The payload, in whichever form it came."""
    if "payload" in message:
        text: str = message["payload"]
        return text.encode()
    return base64.b64decode(message["payload_base64"])


REFUSED = {
    "empty": (b"", "empty"),
    "one-byte": (b"\xff", "not_hep"),
    "random": (b"\xff" + random.Random(SEED).randbytes(1400), "not_hep"),
    "half-head": (b"HEP3\x00", "truncated"),
    "length-below-head": (b"HEP3\x00\x03" + bytes(20), "bad_length"),
    "plain-sip": (make_request("OPTIONS", "plain@example.org"), "raw_sip"),
    "protobuf": (b"\x08\x03\x12\x04\x7f\x00\x00\x01", "protobuf"),
    "no-payload": (packet(*start()), "no_payload"),
    "bad-family": (b"\x01\x63\x99\x11" + bytes(60), "bad_family"),
    "bad-gzip": (b"\x1f\x8b" + random.Random(SEED).randbytes(200), "inflate"),
    "bomb": (packet(*start(), generic(16, zlib.compress(bytes(50_000_000)))), "too_large"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refuses_what_is_no_hep(own: Service, name: str) -> None:
    """The reason is counted once; packets before and after are stored."""
    bad, reason = REFUSED[name]
    count = refused(own, reason)
    between(own, f"refused-{name}", bad)
    assert refused(own, reason) == count + 1


def test_random_datagrams_never_hurt(own: Service) -> None:
    """A thousand datagrams of noise, half of them after a HEP head, leave the good ones alone."""
    noise = random.Random(SEED)
    heads = [b"", b"HEP3", b"HEP3\xff\xff", b"\x01\x10\x02\x11", b"\x02\x10\x02\x11", b"\x1f\x8b"]
    bad = [noise.choice(heads) + noise.randbytes(noise.randrange(1200)) for _ in range(1000)]
    names = [f"noise-{number}@example.org" for number in range(20)]
    mixed = [*bad, *(good(name) for name in names)]
    noise.shuffle(mixed)
    own.send_udp(mixed)
    for name in names:
        own.call_with(name, 1)
    metrics = own.metrics()
    assert own.exit_code is None
    assert metrics.value("hepscope_ingest_received_total") == metrics.value(
        "hepscope_ingest_accepted_total"
    ) + metrics.value("hepscope_ingest_refused_total")


CUT = {
    "cut-in-payload": lambda whole: whole[:-40],
    "length-too-large": lambda whole: whole[:4] + b"\xff\xff" + whole[6:],
    "trailing-bytes": lambda whole: whole + b"\x00" * 17,
}


@pytest.mark.parametrize("name", CUT)
def test_keeps_what_can_be_read(own: Service, name: str) -> None:
    """A packet with a wrong length is stored with what is there."""
    call_id = f"{name}@example.org"
    payload = make_request("OPTIONS", call_id, body="x" * 100)
    spoil: Callable[[bytes], bytes] = CUT[name]
    whole = packet(*start(seconds=int(time.time())), generic(15, payload))
    between(own, f"kept-{name}", spoil(whole))
    kept = payload_of(only_message(own, call_id))
    assert kept
    assert payload.startswith(kept)


HOSTILE = {
    "nul": b"X-Nul: a\x00b\r\n",
    "invalid-utf8": b"Subject: caf\xe9 \xff\xfe\r\n",
    "cut-multibyte": b"Subject: \xe2\x82\r\n",
    "surrogate": b"Subject: \xed\xa0\x80\r\n",
    "escape": b"Subject: \x1b[2J<script>alert(1)</script>\r\n",
    "long-line": b"X-Long: " + b"y" * 30_000 + b"\r\n",
    "no-colon": b"there is no colon here\r\n",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_keeps_hostile_text_byte_for_byte(own: Service, name: str) -> None:
    """SIP that no database or JSON takes as text comes back as it was sent."""
    call_id = f"hostile-{name}@example.org"
    payload = make_request("MESSAGE", call_id, headers="X-Place: here\r\n").replace(
        b"X-Place: here\r\n", HOSTILE[name]
    )
    between(own, f"around-{name}", make_packet(payload, time_us=now_us()))
    assert payload_of(only_message(own, call_id)) == payload


def test_keeps_hostile_fields(own: Service) -> None:
    """NUL and invalid UTF-8 in the very fields that are searched by."""
    payload = make_request("MESSAGE", "fields@example.org", from_user="al-ice").replace(
        b"al-ice", b"al\x00\xffice"
    )
    between(own, "fields", make_packet(payload, time_us=now_us(), node_name=b"n\x00\xff"))
    message = only_message(own, "fields@example.org")
    assert payload_of(message) == payload
    assert "\x00" not in message["from_user"] + message["node"]


@pytest.mark.parametrize("size", [8_000, 60_000, 65_000])
def test_keeps_large_messages(own: Service, size: int) -> None:
    """A payload of nearly 64 KiB, over UDP and TCP, is stored whole."""
    for transport in ("udp", "tcp"):
        call_id = f"large-{size}-{transport}@example.org"
        payload = make_request("MESSAGE", call_id, body="words " * (size // 6))
        data = packet(*start(seconds=int(time.time())), generic(15, payload[:65_300]))
        if transport == "udp":
            own.send_udp([data])
        else:
            own.send_tcp([data])
        assert payload_of(only_message(own, call_id)) == payload[:65_300]


def test_counts_what_hep_cannot_carry_on(own: Service) -> None:
    """65,535 bytes of noise leave no room for annotations: refused by name, not cut."""
    noise = base64.b85encode(random.Random(SEED).randbytes(52_428))
    payload = make_request("MESSAGE", "noise@example.org", body=noise.decode())
    data = packet(*start())
    data = packet(*start(), generic(15, payload[: 65_535 - len(data) - 6]))
    assert len(data) == 65_535
    count = refused(own, "too_large")
    own.send_tcp([good("room-before@example.org"), data, good("room-after@example.org")])
    own.call_with("room-before@example.org", 1)
    own.call_with("room-after@example.org", 1)
    # Bus partitions are stored beside each other: what came before may be there later.
    until(
        lambda: refused(own, "too_large") == count + 1 or own.call("noise@example.org") is not None,
        "the noise to be stored or refused",
    )
    stored = own.call("noise@example.org")
    # Text compresses a little, so it may fit after all; it is never cut in silence.
    if stored is None:
        assert refused(own, "too_large") == count + 1
    else:
        kept = payload_of(only_message(own, "noise@example.org"))
        assert kept == payload[: 65_535 - len(packet(*start())) - 6]


def wire_time(seconds: int, micros: int, call_id: str) -> bytes:
    """A packet that says this time."""
    return packet(
        *start(seconds=seconds, micros=micros), generic(15, make_request("OPTIONS", call_id))
    )


def swapped(value: int) -> int:
    """A 32-bit number read in the other byte order."""
    return int(struct.unpack(">I", struct.pack("<I", value))[0])


TIMES: dict[str, tuple[Callable[[int], tuple[int, int]], str, bool]] = {
    # Seconds and microseconds made of the present, the reason, and whether they mean a time.
    "zero": (lambda _: (0, 0), "zero", False),
    "1970": (lambda _: (86_400, 5), "past", True),
    "2001": (lambda _: (1_000_000_000, 7), "past", True),
    "far-future": (lambda now: (now + 10 * 86_400, 0), "future", True),
    "latest": (lambda _: (0xFFFFFFFF, 999_999), "future", True),
    "byte-swapped": (lambda now: (swapped(now), 0), "byte_swapped", False),
    "ntp-era": (lambda now: (now + NTP_OFFSET_SECONDS, 25), "ntp_era", False),
}


@pytest.mark.parametrize("name", TIMES)
def test_absurd_times_lose_no_packet(own: Service, name: str) -> None:
    """It is found in the present, the time it said is kept where it means anything."""
    make, reason, is_kept = TIMES[name]
    now = int(time.time())
    seconds, micros = make(now)
    call_id = f"time-{name}@example.org"
    count = own.metrics().value("hepscope_writer_times_replaced_total", reason=reason)
    between(own, f"time-{name}", wire_time(seconds % 2**32, micros, call_id))
    message = only_message(own, call_id)
    stored = datetime.fromisoformat(message["time"])
    assert abs(stored - datetime.fromtimestamp(now, UTC)) < timedelta(minutes=5)
    if is_kept:
        said = datetime.fromtimestamp(seconds, UTC) + timedelta(microseconds=micros)
        assert datetime.fromisoformat(message["capture_time"]) == said
    else:
        assert message["capture_time"] is None
    after = own.metrics().value("hepscope_writer_times_replaced_total", reason=reason)
    assert after == count + 1
    assert call_id in {call["call_id"] for call in own.every("calls", call_id="time-*")}


def test_stalled_clients_stop_nobody(own: Service) -> None:
    """Fifty connections that send half a packet and wait delay nobody; each cut is counted."""
    clients, count = 50, refused(own, "cut_at_close")
    half = good("never-whole@example.org")[:100]
    with ExitStack() as open_ones:
        for _ in range(clients):
            connection = open_ones.enter_context(socket.create_connection(own.tcp, timeout=30))
            connection.sendall(half)
        until(
            lambda: own.metrics().value("hepscope_ingest_tcp_connections") >= clients,
            "connections to be accepted",
        )
        own.send_tcp([good("beside-stalled@example.org")])
        own.call_with("beside-stalled@example.org", 1)
    until(lambda: refused(own, "cut_at_close") == count + clients, "cut packets to be counted")
    assert own.call("never-whole@example.org") is None


def test_slow_client_is_understood(own: Service) -> None:
    """A packet that comes byte by byte is a packet."""
    data = good("byte-by-byte@example.org")
    own.send_tcp(data[at : at + 1] for at in range(len(data)))
    own.call_with("byte-by-byte@example.org", 1)


def test_garbage_before_a_packet_is_skipped(own: Service) -> None:
    """Up to 64 KiB of garbage are skipped and counted, then the stream goes on."""
    before = own.metrics().value("hepscope_ingest_tcp_skipped_bytes_total")
    garbage = b"\xaa" * 60_000
    own.send_tcp([good("resync-before@example.org"), garbage, good("resync-after@example.org")])
    own.call_with("resync-before@example.org", 1)
    own.call_with("resync-after@example.org", 1)
    skipped = own.metrics().value("hepscope_ingest_tcp_skipped_bytes_total") - before
    assert skipped == len(garbage)


def test_nothing_but_garbage_closes_the_connection(own: Service) -> None:
    """After 64 KiB without a packet the connection is closed and counted; others go on."""
    count = refused(own, "not_hep")
    with socket.create_connection(own.tcp, timeout=PATIENCE_SECONDS) as connection:
        connection.sendall(good("last-words@example.org"))
        connection.sendall(b"\xaa" * 70_000)
        # What it sent last was never read, so the close may be a reset.
        with suppress(ConnectionResetError):
            assert connection.recv(1) == b""
    assert refused(own, "not_hep") == count + 1
    own.call_with("last-words@example.org", 1)
    own.send_tcp([good("others-go-on@example.org")])
    own.call_with("others-go-on@example.org", 1)


def resident_bytes(pid: int) -> int:
    """Memory of a process that is in RAM, of /proc/PID/statm."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * resource.getpagesize()


def test_ten_thousand_unknown_calls_at_once(own: Service) -> None:
    """Each is stored; memory stays bounded."""
    calls = 10_000
    name = "hepscope_writer_rows_total"
    before = own.metrics().value(name, table="sip_other")
    own.send_tcp(
        [
            b"".join(good(f"flood-{at + one}@example.org") for one in range(100))
            for at in range(0, calls, 100)
        ]
    )
    until(lambda: own.metrics().value(name, table="sip_other") == before + calls, "10,000 rows")
    listed = own.every("calls", call_id="flood-*")
    assert len({call["call_id"] for call in listed}) == len(listed) == calls
    assert {call["message_count"] for call in listed} == {1}
    assert resident_bytes(own.pid) < MAX_RSS_BYTES


EXTREMES = [0, 1, 2**63 - 1, 2**63, 2**64 - 1]


@pytest.mark.parametrize("seq", EXTREMES)
def test_numbers_at_their_bounds_are_stored_and_acknowledged(own: Service, seq: int) -> None:
    """A sender that numbers its packets may begin anywhere in 64 bits."""
    origin, call_id = random.Random(seq).randbytes(16), f"seq-{seq}@example.org"
    payload = make_request("OPTIONS", call_id)
    answers, decoder = [], StreamDecoder()
    with socket.create_connection(own.tcp, timeout=PATIENCE_SECONDS) as connection:
        connection.sendall(encode_hello(origin))
        connection.sendall(make_packet(payload, time_us=now_us(), origin=origin, seq=seq))
        connection.shutdown(socket.SHUT_WR)
        while data := connection.recv(4096):
            answers += [decode3(answer).ack for answer in decoder.feed(data)]
    assert answers[-1] == seq
    own.call_with(call_id, 1)


def test_log_is_throttled(own: Service) -> None:
    """Thousands of refused datagrams give lines that can be counted on two hands."""
    lines = len(own.lines)
    own.send_udp([b"\xfe" * 20] * 3000 + [good("after-flood@example.org")])
    own.call_with("after-flood@example.org", 1)
    assert len(own.lines) - lines < 10
