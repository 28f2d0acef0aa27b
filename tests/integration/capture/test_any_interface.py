"""What dumpcap writes of all interfaces at once, with Linux's cooked heads, is read like tshark."""

import signal
import subprocess
from pathlib import Path

import pytest

from hep.sip import looks_like_sip
from hepscope_capture.decode.datagrams import Dissector
from hepscope_capture.decode.errors import FrameError
from hepscope_capture.files.source import open_capture
from hepscope_capture.frame import Frame
from support.dissected import wrapped_sip
from support.encapsulations import tagged
from support.frames import ipv4, udp
from support.live_wire import options, send_datagrams, send_frames
from support.namespaces import BOB, BOB6, Namespace, wired
from support.service import until
from support.siptools import program

LINKS = {"LINUX_SLL": 113, "LINUX_SLL2": 276}
MARK = b"the last one"


def has_passed(place: Namespace, path: Path) -> bool:
    """Put a datagram on the wire; say whether it has come into the file."""
    send_datagrams(place, [MARK], port=9)
    return path.exists() and MARK in path.read_bytes()


@pytest.mark.parametrize("link", LINKS)
def test_all_interfaces(tmp_path: Path, link: str) -> None:
    """Small messages, fragments of both IP versions, and a VLAN's tag."""
    path = tmp_path / "any.pcap"
    large = [one[:-2] + b"X-Long: " + b"y" * 4000 + b"\r\n\r\n" for one in options(3, "large")]
    with wired() as (alice, bob), (tmp_path / "dumpcap.log").open("wb") as log:
        words = ("-q", "-P", "-i", "any", "-y", link, "-w", str(path))
        process = subprocess.Popen(
            bob.command(program("dumpcap"), *words), stdin=subprocess.DEVNULL, stderr=log
        )
        try:
            until(lambda: has_passed(alice, path), "dumpcap to begin")
            send_datagrams(alice, options(5) + large, BOB)
            send_datagrams(alice, options(5, "six") + large, BOB6)
            send_frames(alice, [tagged(ipv4(udp(one)), 5) for one in options(5, "vlan")])
            until(lambda: b"vlan-4" in path.read_bytes(), "dumpcap to write")
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(120)
    dissector, found = Dissector(), []
    with open_capture(str(path)) as frames:
        for number, frame in enumerate(frames, 1):
            assert isinstance(frame, Frame)
            assert frame.link_type == LINKS[link]
            try:
                datagram = dissector.dissect(frame)
            except FrameError:
                continue
            if datagram is not None and looks_like_sip(datagram.payload):
                found.append((number, datagram.payload, datagram.tos))
    assert found == [(one.frame, one.payload, one.tos) for one in wrapped_sip(path)]
    assert len(found) == 5 + 3 + 5 + 3 + 5
    assert dissector.fragments.joined == 6
