"""Exports: what tshark reads in the capture file, the text, and JSON."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import httpx
import pytest

from hepscope_query_api.timestamps import parse_time, to_us
from integration.query_api.asking import pages, problem
from integration.query_api.stored import (
    ALICE,
    BOB,
    DAY,
    MIDNIGHT,
    SECOND,
    Address,
    Stored,
    request,
    response,
)

pytestmark = pytest.mark.database

EXPORT = "/api/v1/calls/c1/export"
COLUMNS = (
    *("frame.time_epoch", "ip.src", "ipv6.src", "ip.dst", "ipv6.dst", "udp.srcport"),
    *("tcp.srcport", "sctp.srcport", "sip.Method", "sip.Status-Code", "sip.Call-ID"),
)


def tshark(capture: bytes, directory: Path, *, display: str = "sip") -> list[list[str]]:
    """Return COLUMNS of every frame that passes a display filter, by an independent decoder."""
    program = shutil.which("tshark")
    if program is None:
        reason = "tshark is not installed"
        if os.environ.get("CI") or os.environ.get("REQUIRE_SERVICES") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    file = directory / "export.pcap"
    file.write_bytes(capture)
    options = [f"-o{name}.check_checksum:TRUE" for name in ("ip", "tcp", "udp")]
    fields = [f"-e{name}" for name in COLUMNS]
    command = [program, "-r", str(file), "-Y", display, "-Tfields", *fields, *options]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    return [line.split("\t") for line in done.stdout.splitlines()]


WRONG = (
    "ip.checksum.status == 0 or udp.checksum.status == 0 or tcp.checksum.status == 0 "
    "or sctp.checksum.status == 0 or tcp.analysis.flags or _ws.malformed"
)


async def test_tshark_reads_every_message_as_it_was(
    client: httpx.AsyncClient, stored: Stored, tmp_path: Path
) -> None:
    """Addresses, ports, transports, times and contents, over all transports and families."""
    six = ("2001:db8::7", 40000), ("2001:db8::1", 5060)
    phone, trunk, sips = ("192.0.2.1", 40001), ("192.0.2.2", 5060), ("192.0.2.2", 5061)
    big = request("INFO", "c1", body="x" * 100_000, content_type="text/plain")
    sent = [
        (request("INVITE", "c1"), ALICE, BOB, "udp", "192.0.2.10", "5060"),
        (response(100, "Trying", "INVITE", "c1"), BOB, ALICE, "udp", "198.51.100.20", "5062"),
        (request("INVITE", "c1"), *six, "tcp", "2001:db8::7", "40000"),
        (response(200, "OK", "INVITE", "c1"), *six[::-1], "tcp", "2001:db8::1", "5060"),
        (big, *six, "tcp", "2001:db8::7", "40000"),
        (request("BYE", "c1"), phone, sips, "tls", "192.0.2.1", "40001"),
        (request("INFO", "c1"), phone, trunk, "sctp", "192.0.2.1", "40001"),
        (request("OPTIONS", "c1"), None, trunk, "udp", "0.0.0.0", "0"),
    ]
    for number, (payload, source, destination, transport, _, _) in enumerate(sent):
        await stored.put(
            payload, MIDNIGHT + number * 1_000_001, source, destination, transport=transport
        )
    await stored.commit()

    answer = await client.get(EXPORT, params={"format": "pcap"})
    rows = tshark(answer.content, tmp_path)

    assert answer.headers["content-disposition"] == 'attachment; filename="hepscope-c1.pcap"'
    assert answer.headers["content-type"] == "application/vnd.tcpdump.pcap"
    assert tshark(answer.content, tmp_path, display=WRONG) == []
    assert [(row[1] or row[2], row[5] or row[6] or row[7]) for row in rows] == [
        (address, port) for *_, address, port in sent
    ]
    assert [row[8] or row[9] for row in rows] == [
        *("INVITE", "100", "INVITE", "200", "INFO", "BYE", "INFO", "OPTIONS")
    ]
    assert [row[0] for row in rows[:2]] == ["1773187200.000000000", "1773187201.000001000"]
    assert [bool(row[6]) for row in rows] == [False, False, True, True, True, True, False, False]
    assert {row[10] for row in rows} == {"c1"}


LONE: Address = ("192.0.2.9", 5060)
PEER: Address = ("192.0.2.8", 5060)
SIX: tuple[Address, Address] = ("2001:db8::7", 5060), ("2001:db8::1", 5060)
ODD: dict[str, list[tuple[Address | None, Address | None, str]]] = {
    "udp-one-port": [(LONE, PEER, "udp"), (PEER, LONE, "udp")],
    "tcp-one-port": [(LONE, PEER, "tcp"), (PEER, LONE, "tcp"), (LONE, PEER, "tcp")],
    "sctp-one-port": [(LONE, PEER, "sctp"), (PEER, LONE, "sctp"), (LONE, PEER, "sctp")],
    "udp-to-itself": [(LONE, LONE, "udp"), (LONE, LONE, "udp")],
    "tcp-to-itself": [(LONE, LONE, "tcp"), (LONE, LONE, "tcp")],
    "sctp-to-itself": [(LONE, LONE, "sctp"), (LONE, LONE, "sctp")],
    "unknown-udp": [(None, None, "udp"), (None, None, "udp")],
    "unknown-tcp": [(None, None, "tcp"), (None, PEER, "tcp"), (PEER, None, "tcp")],
    "mixed-families": [(SIX[0], PEER, "udp"), (PEER, SIX[0], "tcp")],
    "answer-first": [(PEER, LONE, "tcp"), (LONE, PEER, "tcp")],
    "all-at-once": [(*SIX, "udp"), (*SIX, "tcp"), (*SIX, "tls"), (*SIX, "ws"), (*SIX, "sctp")],
}
"""Who sends to whom, by what, in each call."""


async def test_tshark_reads_every_message_of_odd_calls(
    client: httpx.AsyncClient, stored: Stored, tmp_path: Path
) -> None:
    """No way of messages confuses the streams; each is seen by two nodes and holds a NUL."""
    for call_id, ways in ODD.items():
        for number, (source, destination, transport) in enumerate(ways):
            message = request("INFO", call_id, cseq=number, body="a\0b", content_type="text/x")
            for node in ("edge-1", "edge-2"):
                await stored.put(
                    message,
                    MIDNIGHT + number * SECOND,
                    source,
                    destination,
                    transport=transport,
                    node=node,
                )
    await stored.commit()
    for call_id, ways in ODD.items():
        answer = await client.get(f"/api/v1/calls/{call_id}/export", params={"format": "pcap"})

        assert len(tshark(answer.content, tmp_path)) == 2 * len(ways), call_id
        assert tshark(answer.content, tmp_path, display=WRONG) == [], call_id


@pytest.mark.parametrize("size", [65_507, 65_508])
@pytest.mark.parametrize("transport", ["udp", "tcp", "sctp"])
async def test_tshark_reads_the_largest_messages(
    client: httpx.AsyncClient, stored: Stored, tmp_path: Path, transport: str, size: int
) -> None:
    """What is one byte too long for a datagram comes as a stream, whole."""
    head = len(request("INFO", "c1", body="x" * 65_000, content_type="text/x")) - 65_000
    message = request("INFO", "c1", body="x" * (size - head), content_type="text/x")
    assert len(message) == size
    await stored.put(message, MIDNIGHT, LONE, PEER, transport=transport)
    await stored.commit()

    answer = await client.get(EXPORT, params={"format": "pcap"})

    assert len(tshark(answer.content, tmp_path)) == 1
    assert tshark(answer.content, tmp_path, display=WRONG) == []


async def test_a_call_longer_than_a_batch_is_exported_whole(
    client: httpx.AsyncClient, stored: Stored, tmp_path: Path
) -> None:
    """Batches follow each other without loss, also within one instant."""
    for number in range(1203):
        await stored.put(request("OPTIONS", "c1", cseq=number), MIDNIGHT + number // 700)
    await stored.commit()

    capture = await client.get(EXPORT, params={"format": "pcap"})
    document = (await client.get(EXPORT, params={"format": "json"})).json()

    assert len(tshark(capture.content, tmp_path)) == 1203
    cseqs = [message["cseq"] for message in document["messages"]]
    assert cseqs == [f"{number} OPTIONS" for number in range(1203)]


async def test_a_call_of_large_messages_is_exported_whole(
    client: httpx.AsyncClient, stored: Stored
) -> None:
    """Batches end early where they hold many bytes, and nothing is lost between them."""
    for number in range(150):
        message = request("OPTIONS", "c1", cseq=number, body="x" * 64_000)
        await stored.put(message, MIDNIGHT + number // 20)
    await stored.commit()

    document = (await client.get(EXPORT, params={"format": "json"})).json()

    cseqs = [message["cseq"] for message in document["messages"]]
    assert cseqs == [f"{number} OPTIONS" for number in range(150)]


async def test_exports_go_by_the_packets_own_clock(
    client: httpx.AsyncClient, stored: Stored
) -> None:
    """A replaced time is exported as the agent said it."""
    await stored.put(request("BYE", "c1"), MIDNIGHT, capture_us=MIDNIGHT - 300 * DAY)
    await stored.put(request("INVITE", "c1"), MIDNIGHT + 1, capture_us=MIDNIGHT - 400 * DAY)
    await stored.commit()

    text = (await client.get(EXPORT, params={"format": "text"})).text

    stamps = [line for line in text.splitlines() if "->" in line]
    assert [stamp[:27] for stamp in stamps] == [
        "2025-02-04 00:00:00.000000Z",
        "2025-05-15 00:00:00.000000Z",
    ]


async def test_text_is_readable_and_harmless(client: httpx.AsyncClient, stored: Stored) -> None:
    """A line above each message; control characters and broken bytes are spelled out."""
    hostile = request("INVITE", "c1", headers="Subject: \x1b[2J\x07\u202e\r\n") + b"\xff"
    await stored.put(hostile, MIDNIGHT, ("2001:db8::7", 5060), BOB)
    await stored.put(response(200, "OK", "INVITE", "c1"), MIDNIGHT + SECOND, None, ALICE)
    await stored.commit()

    answer = await client.get(EXPORT, params={"format": "text"})

    lines = answer.text.split("\n")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert lines[0] == (
        "2026-03-11 00:00:00.000000Z [2001:db8::7]:5060 -> 198.51.100.20:5062 udp (edge-1)"
    )
    assert lines[1] == "INVITE sip:bob@example.net SIP/2.0\r"
    assert "Subject: \\x1b[2J\\x07\\u202e\r" in lines
    assert "\\xff" in answer.text
    assert "\x1b" not in answer.text
    second = "2026-03-11 00:00:01.000000Z unknown -> 192.0.2.10:5060 udp (edge-1)"
    assert second in lines


async def test_json_holds_the_call_and_its_messages(
    client: httpx.AsyncClient, stored: Stored
) -> None:
    """The same items as in the API, oldest first, with payload."""
    await stored.call("c1", MIDNIGHT)
    await stored.commit()

    document = (await client.get(EXPORT, params={"format": "json"})).json()
    listed = await pages(client, "/api/v1/calls/c1/messages", order="time", include="payload")
    call = (await client.get("/api/v1/calls/c1")).json()
    call.pop("other_records")

    assert document == {"call": call, "messages": listed}


async def test_a_part_of_a_call_is_exported(client: httpx.AsyncClient, stored: Stored) -> None:
    """Start and end narrow it."""
    await stored.call("c1", MIDNIGHT)
    await stored.commit()
    period = {"start": "2026-03-11T00:00:02Z", "end": "2026-03-11T00:00:12Z"}

    answer = await client.get(EXPORT, params={"format": "json", **period})

    assert [message["cseq"] for message in answer.json()["messages"]] == ["1 INVITE", "1 ACK"]


async def test_file_names_are_safe(client: httpx.AsyncClient, stored: Stored) -> None:
    """Whatever the Call-ID holds, the name holds letters, digits, - and _."""
    for call_id, name in {
        '../../etc/"x";\\': "etc-x",
        "é" * 3: "call",
        "a" * 200: "a" * 80,
        "a84b@10.0.0.1": "a84b-10-0-0-1",
    }.items():
        await stored.put(request("INVITE", call_id), MIDNIGHT)
        encoded = "".join(f"%{octet:02X}" for octet in call_id.encode())
        answer = await client.get(f"/api/v1/calls/{encoded}/export", params={"format": "json"})

        expected = f'attachment; filename="hepscope-{name}.json"'
        assert answer.headers["content-disposition"] == expected
        assert json.loads(answer.content)["call"] is None


async def test_several_calls_are_one_file(
    client: httpx.AsyncClient, stored: Stored, tmp_path: Path
) -> None:
    """By time, whichever call a message is of; named after the first."""
    await stored.put(request("INVITE", "c1"), MIDNIGHT)
    await stored.put(request("BYE", "c1"), MIDNIGHT + 2 * SECOND)
    await stored.failed_call("c2", MIDNIGHT + SECOND // 2, 486, "Busy")
    await stored.commit()
    several = {"with": "c2"}

    capture = await client.get(EXPORT, params={"format": "pcap", **several})
    document = (await client.get(EXPORT, params={"format": "json", **several})).json()
    missing = await problem(client, EXPORT, 404, format="pcap", **{"with": "gone"})

    name = 'attachment; filename="hepscope-c1-and-1-more.pcap"'
    assert capture.headers["content-disposition"] == name
    rows = tshark(capture.content, tmp_path)
    assert [row[10] for row in rows] == ["c1", "c2", "c2", "c2", "c1"]
    assert [row[0] for row in rows] == sorted(row[0] for row in rows)
    assert [call["call_id"] for call in document["calls"]] == ["c1", "c2"]
    assert document["call"] == document["calls"][0]
    assert [message["call_id"] for message in document["messages"]] == [row[10] for row in rows]
    assert "“gone”" in str(missing["detail"])


async def test_text_tells_times_in_a_zone(client: httpx.AsyncClient, stored: Stored) -> None:
    """With the offset, by which the two hours between summer and winter differ."""
    for at in ("2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z"):
        await stored.put(request("OPTIONS", "c1"), to_us(parse_time(at)))
    await stored.commit()

    text = (await client.get(EXPORT, params={"format": "text", "tz": "Europe/Berlin"})).text
    for wrong in ("Mars/Base", "../../etc/passwd", "", "Europe", "a\0"):
        details = await problem(client, EXPORT, 400, format="text", tz=wrong)
        assert details["parameter"] == "tz"

    stamps = [line.partition(" 192.")[0] for line in text.splitlines() if "->" in line]
    assert stamps == ["2026-10-25 02:30:00.000000+02:00", "2026-10-25 02:30:00.000000+01:00"]


async def test_an_unknown_format_says_which_there_are(client: httpx.AsyncClient) -> None:
    """The formats of later releases are refused, not guessed."""
    details = await problem(client, EXPORT, 400, format="pcapng")

    assert "pcap" in str(details["detail"])
