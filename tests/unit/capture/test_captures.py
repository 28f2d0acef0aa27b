"""Whole captures replayed: what arrives is what Wireshark's dissectors see in them."""

import gzip
import hashlib
import json
import shutil
import subprocess
from ipaddress import ip_address
from pathlib import Path

import pytest

from hep import HepPacket, decode3
from hepscope_capture.clock import SystemClock
from hepscope_capture.decode.transport import UDP
from hepscope_capture.delivery.plan import ServerPlan
from hepscope_capture.delivery.router import make_router
from hepscope_capture.pace import MAX_SPEED
from hepscope_capture.packets import Labels
from hepscope_capture.replay import Plan, Replay
from hepscope_capture.senders.acks import Acks
from hepscope_capture.senders.target import Scheme, Target
from hepscope_capture.summary import Summary
from support.sinks import TcpSink, UdpSink

DATA = Path(__file__).parents[2] / "data" / "pcap"

GOLDEN = {
    "udp_retransmissions.pcap": "udp_retransmissions",
    "udp_retransmissions_cut.pcap": "udp_retransmissions_cut",
    "ipv4_fragments.pcap": "ipv4_fragments",
    "ipv6.pcapng": "ipv6",
    "ipv6.pcapng.gz": "ipv6",
    "vlan_nanoseconds.pcap": "vlan_nanoseconds",
}

CORPUS = [
    "sip_tcp_basic",
    "sip_tcp_split",
    "sip_udp6_basic",
    "sip_udp_basic",
    "sip_udp_ipfrag",
    "sip_udp_retrans",
    "sip_udp_rtp",
    "sip_vlan100",
]

PLAN = Plan(Labels(1), speed=MAX_SPEED, rate=2000)


def replayed(path: Path, target: Target) -> Summary:
    """Replay to a server; return the summary."""
    clock = SystemClock()
    router = make_router([ServerPlan((target,), acks=Acks.NEVER)], clock)
    router.start()
    replay = Replay(PLAN, router, clock)
    replay.run([str(path)])
    assert replay.is_delivered
    assert router.destinations[0].counts().sent == replay.summary.messages
    return replay.summary


def by_tcp(path: Path) -> tuple[list[HepPacket], Summary]:
    """Replay over TCP; return what arrived and the summary."""
    with TcpSink() as sink:
        summary = replayed(path, Target(Scheme.TCP, "127.0.0.1", sink.port))
        assert sink.wait_for_connections(1)
        return [decode3(packet) for packet in sink.packets], summary


def by_udp(path: Path) -> tuple[list[HepPacket], Summary]:
    """Replay over UDP; return what arrived and the summary."""
    with UdpSink() as sink:
        summary = replayed(path, Target(Scheme.UDP, "127.0.0.1", sink.port))
        return [decode3(packet) for packet in sink.packets(summary.messages)], summary


def seen(packet: HepPacket) -> dict[str, object]:
    """A packet in the form of the expectations."""
    vlan = next((value for vendor, kind, value in packet.extra if (vendor, kind) == (0, 18)), b"")
    return {
        "time_us": packet.time_us,
        "source": [str(ip_address(packet.source)), packet.source_port],
        "destination": [str(ip_address(packet.destination)), packet.destination_port],
        "vlan": int.from_bytes(vlan, "big"),
        "payload_sha256": hashlib.sha256(packet.payload).hexdigest(),
    }


@pytest.mark.parametrize("name", GOLDEN)
def test_golden_captures(name: str) -> None:
    """Time, addresses, VLAN and payload of each message, in order."""
    packets, summary = by_tcp(DATA / name)
    expected = json.loads((DATA / f"{GOLDEN[name]}.expected.json").read_text())
    assert [seen(packet) for packet in packets] == expected
    assert summary.gaps == ("cut" in name)


def test_every_golden_file_is_read_by_a_test() -> None:
    """No file lies about unread."""
    assert {path.name for path in DATA.iterdir() if ".pcap" in path.name} == set(GOLDEN)


@pytest.mark.corpus
@pytest.mark.parametrize("name", CORPUS)
@pytest.mark.parametrize("replay", [by_tcp, by_udp])
def test_the_corpus_arrives_as_the_facts_say(corpus: Path, name: str, replay: object) -> None:
    """As many messages as the facts count, each from and to its place, at its time.

    Over TCP the facts have the time of the segment that completes a message, we that of its first.
    """
    path = corpus / "sip-pcap" / f"{name}.pcap"
    packets, summary = by_tcp(path) if replay is by_tcp else by_udp(path)
    messages = json.loads(path.with_suffix(".facts.json").read_text())["messages"]
    assert sorted(map(place, packets)) == sorted(
        (fact["src"], fact["sport"], fact["dst"], fact["dport"], start(fact)) for fact in messages
    )
    times = sorted(int(fact["ts"].replace(".", "")[:16]) for fact in messages)
    late = [
        time_us - packet.time_us
        for time_us, packet in zip(times, sorted(packets, key=lambda one: one.time_us), strict=True)
    ]
    assert max(late) < (50_000 if "tcp" in name else 1)
    assert min(late) >= 0
    assert summary.messages == len(messages)
    vlans = {value for packet in packets for _, kind, value in packet.extra if kind == 18}
    assert vlans == ({b"\x00\x64"} if "vlan" in name else set())


def place(packet: HepPacket) -> tuple[str, int, str, int, str]:
    """Where a packet went from and to, and its method or status."""
    source, destination = (str(ip_address(one)) for one in (packet.source, packet.destination))
    word, *others = packet.payload.split(b" ", 2)
    first = others[0] if word == b"SIP/2.0" else word
    return source, packet.source_port, destination, packet.destination_port, first.decode()


def start(fact: dict[str, str | int | None]) -> str:
    """The method or status of a fact."""
    return str(fact["method"] or fact["status"])


@pytest.fixture(scope="session")
def wireshark() -> str:
    """The folder of Wireshark's tools, which are not part of the development set-up."""
    tshark = shutil.which("tshark")
    if not tshark or not shutil.which("editcap"):
        pytest.skip("tshark and editcap are not installed")
    return str(Path(tshark).parent)


def tool(folder: str, name: str, *words: str | Path) -> str:
    """Run a tool of Wireshark; return what it prints."""
    done = subprocess.run(
        [f"{folder}/{name}", *words], capture_output=True, check=True, text=True, timeout=60
    )
    return done.stdout


@pytest.mark.corpus
@pytest.mark.parametrize("name", CORPUS)
def test_payloads_are_those_that_tshark_sees(corpus: Path, wireshark: str, name: str) -> None:
    """Byte for byte, fragments put together; those over TCP are compared with the streams."""
    path = corpus / "sip-pcap" / f"{name}.pcap"
    words = ("-Y", "sip && udp", "-T", "fields", "-e", "udp.payload")
    payloads = tool(wireshark, "tshark", "-r", path, *words).split()
    packets = [packet for packet in by_tcp(path)[0] if packet.ip_protocol == UDP]
    assert [packet.payload.hex() for packet in packets] == payloads


@pytest.mark.corpus
@pytest.mark.parametrize("form", ["pcapng", "nsecpcap", "modpcap", "pcap"])
@pytest.mark.parametrize("is_zipped", [False, True])
def test_every_format_that_editcap_writes(
    corpus: Path, wireshark: str, tmp_path: Path, form: str, *, is_zipped: bool
) -> None:
    """Another program's files in each format hold the same messages."""
    path, copy = corpus / "sip-pcap" / "sip_udp_basic.pcap", tmp_path / "copy"
    tool(wireshark, "editcap", "-F", form, path, copy)
    if is_zipped:
        copy.write_bytes(gzip.compress(copy.read_bytes()))
    assert by_tcp(copy)[0] == by_tcp(path)[0]


@pytest.mark.corpus
def test_messages_that_a_snap_length_cut_are_sent_and_counted(
    corpus: Path, wireshark: str, tmp_path: Path
) -> None:
    """The beginning of a message is worth more than nothing."""
    path, copy = corpus / "sip-pcap" / "sip_udp_basic.pcap", tmp_path / "copy"
    tool(wireshark, "editcap", "-s", "300", path, copy)
    whole, (cut, summary) = by_tcp(path)[0], by_tcp(copy)
    assert len(cut) == len(whole)
    assert all(
        long.payload.startswith(short.payload) for long, short in zip(whole, cut, strict=True)
    )
    assert summary.cut_messages == sum(len(packet.payload) > 300 - 42 for packet in whole)
