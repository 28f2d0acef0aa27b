"""RTCP in a capture file, sent by ``hepscope capture``: the API shows it as media of its call."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from hep.rtcp import (
    ExtendedReport,
    ReportBlock,
    SdesChunk,
    SdesItem,
    SenderReport,
    SourceDescription,
    VoipMetrics,
    encode,
    us_to_ntp,
)
from hepscope_capture.decode.datagrams import Datagram
from support.frames import pcap
from support.media_traffic import (
    ALICE_RTCP,
    BOB_RTCP,
    Address,
    answer,
    as_frame,
    bye,
    datagram,
    invite,
)
from support.service import Json, Service, until

pytestmark = pytest.mark.database

ALICE_SSRC, BOB_SSRC = 0x1111, 0x2222


def report(source: Address, destination: Address, seconds: float, ssrc: int) -> Datagram:
    """Return SR with a block on the other's stream, SDES and XR of an end."""
    about = ALICE_SSRC ^ BOB_SSRC ^ ssrc
    lost = 26 if ssrc == BOB_SSRC else 0
    packets = (
        SenderReport(ssrc, us_to_ntp(1), 1600, 10, 1600, (ReportBlock(about, lost, 3, 500, 80),)),
        SourceDescription((SdesChunk(ssrc, (SdesItem(1, b"end@example.org"),)),)),
        ExtendedReport(ssrc, (VoipMetrics(about, lost, mos_lq=41, mos_cq=39),)),
    )
    return datagram(encode(*packets), source, destination, seconds)


def test_media_of_a_captured_call(hepscope: Service, tmp_path: Path) -> None:
    """Both directions, losses and codec; the reports of SR and XR each once."""
    call_id = f"captured-{time.time_ns()}@example.org"
    early = report(ALICE_RTCP, BOB_RTCP, 0.5, ALICE_SSRC)
    packets = [
        early,
        invite(call_id, seconds=0.6),
        answer(call_id, seconds=1),
        report(BOB_RTCP, ALICE_RTCP, 5, BOB_SSRC),
        report(ALICE_RTCP, BOB_RTCP, 6, ALICE_SSRC),
        bye(call_id, seconds=9),
    ]
    file = tmp_path / "call.pcap"
    file.write_bytes(pcap([(one.time_us, as_frame(one)) for one in packets]))
    host, port = hepscope.tcp
    words = ["--read", str(file), "--send", f"tcp://{host}:{port}", "--speed", "max", "--now"]
    done = subprocess.run(
        [sys.executable, "-m", "hepscope_standalone", "capture", *words],
        check=False,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr

    def complete() -> list[Json] | None:
        reply = hepscope.ask(f"calls/{call_id}/media")
        streams: list[Json] = reply.json()["streams"] if reply.status_code == 200 else []
        points = sum(len(one["points"]) for one in streams)
        is_joined = all(one["joined_by"] and one["codec"] for one in streams)
        return streams if points >= 6 and is_joined else None

    streams = until(complete, "media of both directions")

    assert {one["joined_by"] for one in streams} == {"correlation"}
    assert {one["codec"] for one in streams} == {"PCMA"}
    by_kind = {(one["kind"], one["ssrc"], one["way"]): one for one in streams}
    assert sorted(by_kind) == [
        (kind, ssrc, "received")
        for kind in ("rtcp_json", "rtcp_xr")
        for ssrc in (ALICE_SSRC, BOB_SSRC)
    ]
    lossy = by_kind["rtcp_json", ALICE_SSRC, "received"]["points"]
    assert [point["loss"] for point in lossy] == [pytest.approx(26 / 256, abs=1e-4)]
    assert len(by_kind["rtcp_json", BOB_SSRC, "received"]["points"]) == 2
