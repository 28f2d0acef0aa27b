"""What is missing of RTP is what tshark says is lost."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from hepscope_capture.files.source import open_capture
from hepscope_capture.frame import Frame
from hepscope_capture.frame_counts import FrameCounts
from hepscope_capture.mirror.stream import RtpStream
from hepscope_capture.pipeline import Pipeline, Wanted
from support.encapsulations import vxlan
from support.frames import ethernet, ipv4, pcap, udp
from support.rtp_packets import Fault, Voice, shown
from support.siptools import tshark

# Times, addresses and ports, SSRC; behind the codec, packets and lost ones.
_ROW = re.compile(
    r"\s*[\d.]+\s+[\d.]+\s+(\S+)\s+(\d+)\s+(\S+)\s+(\d+)\s+0x([0-9A-F]+)\s.*?\s(\d+)\s+(-?\d+)\s+\("
)

VOICES = [
    Voice(),
    Voice().back(),
    Voice(ssrc=5, first=300),
    Voice(hosts=("2001:db8::1", "2001:db8::2"), ports=(30_100, 40_100)),
    Voice(ports=(30_200, 40_200), first=40_000),
]
FAULTS = {
    "nothing": {"loss": 0.0, "twice": 0.0, "late": 0.0},
    "loss": {"loss": 0.1, "twice": 0.0, "late": 0.0},
    "disorder": {"loss": 0.0, "twice": 0.0, "late": 0.2},
    "loss and disorder": {"loss": 0.05, "twice": 0.0, "late": 0.1},
    "all of it": {"loss": 0.05, "twice": 0.1, "late": 0.1},
}


WRAPPING = [replace(voice, first=65_536 - 50 * number) for number, voice in enumerate(VOICES)]


def recorded(
    folder: Path, voices: list[Voice], faults: list[Fault], *, in_tunnel: bool = False
) -> Path:
    """Return a file with all streams, in the order in which they were shown."""
    rows = []
    for voice, fault in zip(voices, faults, strict=True):
        # It counts from the first packet to the last one, whatever lies outside of them.
        ends = {min(fault.shown): 0, max(fault.shown): 2}
        order = sorted(fault.shown, key=lambda number: ends.get(number, 1))
        for place, number in enumerate(order):
            frame = voice.frame(number)
            if in_tunnel:
                frame = ethernet(ipv4(udp(vxlan(frame), ports=(9, 4789))))
            rows.append((voice.time_us(place), frame))
    path = folder / "rtp.pcap"
    path.write_bytes(pcap(sorted(rows)))
    return path


def ours(path: Path) -> dict[int, RtpStream]:
    """Return the streams that lack something, by ports and SSRC."""
    counts = FrameCounts()
    pipeline = Pipeline(Wanted(rtp_sample=1), counts)
    with open_capture(str(path)) as items:
        for item in items:
            assert isinstance(item, Frame)
            pipeline.feed(item)
    pipeline.finish()
    assert counts.rtp[""].streams == len(VOICES)
    return {hash_of(*one.key[1::2], one.key[4]): one for one in pipeline.rtp.take_worst()}


def hash_of(source_port: int, destination_port: int, ssrc: int) -> int:
    """Return what tells the streams apart."""
    return source_port << 48 | destination_port << 32 | ssrc


def theirs(path: Path) -> dict[int, tuple[int, int]]:
    """Return packets and lost ones of every stream as tshark has them."""
    ports = [word for voice in VOICES for word in ("-d", f"udp.port=={voice.ports[0]},rtp")]
    rows = [
        row.groups()
        for line in tshark(path, *ports, "-q", "-z", "rtp,streams")
        if (row := _ROW.match(line))
    ]
    return {
        hash_of(int(source_port), int(port), int(ssrc, 16)): (int(packets), int(lost))
        for _, source_port, _, port, ssrc, packets, lost in rows
    }


@pytest.mark.parametrize("in_tunnel", [False, True])
@pytest.mark.parametrize("name", FAULTS)
def test_missing_is_what_tshark_calls_lost(tmp_path: Path, name: str, *, in_tunnel: bool) -> None:
    """Of every stream; tshark takes a packet that came twice for one of the lost ones."""
    faults = [shown(300, seed, **FAULTS[name]) for seed in range(len(VOICES))]
    # Where numbers begin again, disorder makes it count 65,536 more.
    voices = VOICES if FAULTS[name]["late"] else WRAPPING
    path = recorded(tmp_path, voices, faults, in_tunnel=in_tunnel)
    found, expected = ours(path), theirs(path)
    assert len(expected) == len(VOICES)
    for voice, fault in zip(VOICES, faults, strict=True):
        number = hash_of(*voice.ports, voice.ssrc)
        stream = found.get(number)
        missing, duplicate = (stream.missing, stream.duplicate) if stream else (0, 0)
        assert (missing, duplicate) == (fault.missing, fault.duplicate)
        assert expected[number] == (len(fault.shown), missing - duplicate)
