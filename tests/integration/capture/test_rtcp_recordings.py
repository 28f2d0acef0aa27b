"""RTCP of baresip and rtpengine: what comes out of recordings is what tshark reads in them."""

import json
from collections import Counter
from pathlib import Path

import pytest

from hepscope_capture.decode.datagrams import Datagram
from hepscope_capture.files.source import open_capture
from hepscope_capture.frame import Frame
from hepscope_capture.frame_counts import FrameCounts
from hepscope_capture.pipeline import Pipeline, Wanted
from support.rtcp_witness import of_reports, of_tshark

RECORDINGS = Path(__file__).parents[2] / "data" / "rtcp"
RTCP_JSON = 5


def reports(name: str) -> tuple[list[Datagram], Pipeline]:
    """Return the reports that a capture makes of a recording, and what made them."""
    pipeline = Pipeline(Wanted(), FrameCounts())
    sent: list[Datagram] = []
    with open_capture(str(RECORDINGS / name)) as items:
        for item in items:
            assert isinstance(item, Frame)
            sent += pipeline.feed(item)
    sent += pipeline.finish()
    found = [one for one in sent if one.kind == RTCP_JSON]
    return sorted(found, key=lambda one: one.time_us), pipeline


@pytest.mark.parametrize("name", ["baresip_rtpengine.pcap", "baresip_nat.pcap"])
def test_plain_rtcp(name: str) -> None:
    """Every report, with every number, under the one call."""
    sent, pipeline = reports(name)

    assert of_reports(sent) == of_tshark(RECORDINGS / name)
    assert len({one.correlation_id for one in sent}) == 1
    assert pipeline.correlator.counts.uncorrelated == 0


def test_srtcp() -> None:
    """Told as such where it is encrypted, read where it is clear."""
    sent, pipeline = reports("baresip_srtp.pcap")
    entries = [json.loads(one.payload) for one in sent]

    assert len({one.correlation_id for one in sent}) == 1
    assert pipeline.correlator.counts.srtcp == 11
    kinds = Counter((entry["type"], entry.get("encrypted", False)) for entry in entries)
    assert kinds == {(200, True): 8, (204, True): 3, (204, False): 2, (203, False): 2}
    assert all(not entry["report_blocks"] for entry in entries)
