"""Media reports become distributions, with the codec of the call where the report names none."""

import tracemalloc
from pathlib import Path

import pytest

from hep.sip import parse
from hepscope_metrics_exporter.sdp_memory import SdpMemory
from support.builders import make_packet, make_request
from unit.metrics_exporter.exporter_world import World, counted

MEDIA = Path(__file__).parents[2] / "data" / "media"
SDP = (
    "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n"
    "m=audio 20000 RTP/AVP 9 96 8\r\na=rtpmap:96 opus/48000/2\r\n"
)


def report(name: str, protocol_type: int, *, call_id: bytes = b"") -> bytes:
    """Return a packet with one of the sample payloads."""
    payload = (MEDIA / f"{name}.payload").read_bytes()
    return make_packet(
        payload, protocol_type=protocol_type, node_name=b"edge", correlation_id=call_id
    )


def stream(direction: str, codec: str) -> dict[str, str]:
    """Return the labels of a stream."""
    return {"node": "edge", "direction": direction, "codec": codec}


def offer(call_id: str, body: str = SDP) -> bytes:
    """Return an INVITE with a session description."""
    headers = "Content-Type: application/sdp\r\n"
    return make_packet(make_request(call_id=call_id, headers=headers, body=body))


async def test_rtcp_takes_its_codec_from_the_call() -> None:
    """160 timestamp units are 20 ms of G.722, whose RTP clock is 8000."""
    found = await counted(
        offer("call@example.org"), report("heplify_sr", 5, call_id=b"call@example.org")
    )
    labels = stream("received", "G722")
    assert found.seconds("hepscope_media_jitter_seconds", **labels) == (1, 0.02)
    assert found.seconds("hepscope_media_loss_ratio", **labels) == (1, pytest.approx(13 / 256))
    assert found.value("hepscope_media_mos_count", **labels, origin="estimated") == 1
    assert found.value("hepscope_media_r_factor_count", **labels, origin="estimated", scale="wb")
    assert found.total("hepscope_media_reports_total", node="edge", source="rtcp_json") == 2


async def test_without_a_description_the_codec_is_unknown() -> None:
    """And timestamp units are then no time."""
    found = await counted(report("heplify_sr", 5, call_id=b"other@example.org"))
    assert found.value("hepscope_media_loss_ratio_count", **stream("received", "unknown")) == 1
    assert found.total("hepscope_media_jitter_seconds_count") == 0


async def test_what_a_phone_reports_of_itself() -> None:
    """vq-rtcpxr says MOS and R, which go before estimates."""
    found = await counted(report("vq_session", 35))
    labels = stream("received", "G729")
    assert found.seconds("hepscope_media_mos", **labels, origin="said") == (1, 4.3)
    assert found.seconds("hepscope_media_r_factor", **labels, origin="said", scale="nb") == (1, 85)
    assert found.seconds("hepscope_media_round_trip_seconds", **labels) == (1, 0.2)
    assert found.seconds("hepscope_media_jitter_seconds", **labels) == (1, 0.002)


def publish(method: str = "PUBLISH") -> bytes:
    """Return a SIP message with the same report."""
    body = (MEDIA / "vq_session.payload").read_text()
    headers = "Event: vq-rtcpxr\r\nContent-Type: application/vq-rtcpxr\r\n"
    return make_packet(make_request(method, headers=headers, body=body), node_name=b"edge")


@pytest.mark.parametrize("method", ["PUBLISH", "NOTIFY"])
async def test_reports_in_sip_bodies_are_counted_alike(method: str) -> None:
    """RFC 6035: no collector of its own is needed."""
    found = await counted(publish(method))
    labels = stream("received", "G729")
    assert found.seconds("hepscope_media_mos", **labels, origin="said") == (1, 4.3)
    assert found.value("heplify_vqrtcpxr_nlr", node_id="edge") == pytest.approx(5)


async def test_statistics_headers_of_a_bye() -> None:
    """X-RTP-Stat of a phone, both ways."""
    header = "X-RTP-Stat: CS=0;PS=1433;PR=1522;ER=1525;PL=3,2;JI=23,2;DL=20,20,21;EN=PCMA;DE=PCMA"
    request = make_request("BYE", to_tag="t", headers=f"{header}\r\n")
    found = await counted(make_packet(request, node_name=b"edge"))
    received = stream("received", "PCMA")
    assert found.seconds("hepscope_media_jitter_seconds", **received) == (1, 0.023)
    assert found.total("hepscope_media_reports_total", source="x_rtp_stat") == 2
    assert found.value("heplify_xrtp_jir", target_name="") == 23
    assert found.value("heplify_xrtp_plr", target_name="") == 3


@pytest.mark.parametrize(
    ("name", "protocol_type"),
    [
        ("rtp_agent", 34), ("horaclifix", 38), ("qos_json", 32), ("mos_short", 35), ("pion", 58),
        ("asterisk", 5), ("rtpengine_compound", 5), ("heplify_2", 5), ("captagent_xr", 5),
    ],
)  # fmt: skip
async def test_every_kind_of_report_is_measured(name: str, protocol_type: int) -> None:
    """Each says of at least one stream how well it went."""
    found = await counted(report(name, protocol_type))
    assert found.total("hepscope_media_reports_total") > 0
    assert found.total("hepscope_media_mos_count") + found.total("hepscope_media_loss_ratio_count")
    assert found.total("hepscope_media_errors_total") == 0


@pytest.mark.parametrize("name", ["rtp_agent", "horaclifix"])
async def test_a_broken_report_is_counted_as_an_error(name: str) -> None:
    """By reason, and as a packet all the same."""
    kind = {"rtp_agent": 34, "horaclifix": 38}[name]
    found = await counted(report(f"{name}.invalid", kind))
    assert found.total("hepscope_media_errors_total") == 1
    assert found.total("hepscope_packets_total") == 1


HEPLIFY = {
    "heplify_rtcp_fraction_lost": 13,
    "heplify_rtcp_packets_lost": -1,
    "heplify_rtcp_jitter": 160,
    "heplify_rtcp_dlsr": 131072,
}


@pytest.mark.parametrize("name", HEPLIFY)
async def test_heplifys_gauges_have_its_raw_units(name: str) -> None:
    """1/256, a signed count, timestamp units, 1/65536 s."""
    found = await counted(report("heplify_sr", 5))
    labels = {"target_name": "", "direction": "", "node_id": "edge"}
    assert found.value(name, **labels) == HEPLIFY[name]


async def test_a_block_that_is_absent_leaves_the_gauge_alone() -> None:
    """Heplify writes an XR block of zeros where there is none."""
    found = await counted(report("heplify_xr", 5), report("heplify_sr", 5))
    values = [
        sample.value
        for family in found.registry.collect()
        for sample in family.samples
        if sample.name == "heplify_rtcpxr_round_trip_delay"
    ]
    assert len(values) == 1
    assert values[0] > 0


async def test_an_sbc_has_its_legs_apart() -> None:
    """Realms and direction are labels; MOS is on its own scale again."""
    found = await counted(report("horaclifix", 38))
    labels = {"sbc_name": "sbc-1", "inc_realm": "access", "out_realm": "core"}
    assert found.value("horaclifix_rtp_mos", **labels, direction="inc") == 4.23
    assert found.value("horaclifix_rtp_mos", **labels, direction="out") is None
    assert found.value("horaclifix_rtcp_avg_lat", **labels, direction="inc") == 30


async def sbcs(count: int) -> World:
    """Return an exporter that heard of many SBCs."""
    payload = (MEDIA / "horaclifix.payload").read_text()
    packets = [
        make_packet(payload.replace("sbc-1", f"sbc-{number}").encode(), protocol_type=38)
        for number in range(count)
    ]
    return await counted(*packets)


async def test_names_that_packets_bring_are_bounded() -> None:
    """Realms and SBCs are free text."""
    found = await sbcs(700)
    assert found.value("hepscope_exporter_series", metric="horaclifix_rtp_mos") <= 501  # type: ignore[operator]


def test_the_memory_for_descriptions_is_bounded() -> None:
    """In bytes; the newest of a call counts, the oldest calls go."""
    memory = SdpMemory(max_bytes=10_000)
    headers = "Content-Type: application/sdp\r\n"
    for number in range(100):
        memory.note(parse(make_request(call_id=f"c{number}", headers=headers, body=SDP)))
    assert 0 < len(memory) < 30
    assert memory.find("c0", None) is None
    newest = memory.find("c99", None)
    assert newest is not None
    assert newest.name == "G722"
    dynamic = memory.find("c99", 96)
    assert dynamic is not None
    assert dynamic.name == "opus"
    assert memory.find("c99", 97) is None
    memory.note(
        parse(make_request(call_id="c99", headers=headers, body=SDP.replace(" 9 96 8", " 8")))
    )
    answer = memory.find("c99", None)
    assert answer is not None
    assert answer.name == "PCMA"


def test_long_call_ids_cost_no_more_memory() -> None:
    """They are bounded as stored ones are; two with one beginning stay apart."""
    memory = SdpMemory(max_bytes=10_000)
    headers = "Content-Type: application/sdp\r\n"
    long = "x" * 50_000
    tracemalloc.start()
    try:
        for number in range(100):
            call_id = f"{long}{number}"
            memory.note(parse(make_request(call_id=call_id, headers=headers, body=SDP)))
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert held < 500_000
    assert memory.find(f"{long}99", None) is not None
    assert memory.find(f"{long}0", None) is None
