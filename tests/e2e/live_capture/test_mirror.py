"""Whether a mirror shows everything: RTP of a wire, counted by its numbers."""

import re
import signal
from collections.abc import Iterable
from pathlib import Path

from hepscope_capture.mirror.sample import is_sampled
from support.live_capture import AckingSink, LiveCapture
from support.live_wire import capturing, options, send_datagrams, send_frames
from support.namespaces import Namespace
from support.rtp_packets import Voice
from support.service import until

_CALLS, _PACKETS = 20, 40
_PORTS = [(20_000 + 2 * call, 30_000) for call in range(_CALLS)]


def media(ports: tuple[int, int], there: Iterable[int], back: Iterable[int]) -> list[bytes]:
    """The packets of a call, as its two streams are shown."""
    voice = Voice(ports=ports)
    return [
        *(voice.frame(number) for number in there),
        *(voice.back().frame(number) for number in back),
    ]


def seen(capture: LiveCapture, what: str, interface: str) -> float:
    """Return a count of RTP."""
    return capture.metric(f"seen_{what}_total", protocol="rtp", interface=interface)


def test_what_the_mirror_did_not_show(wire: tuple[Namespace, Namespace], sink: AckingSink) -> None:
    """Holes, packets that come twice, and a direction that is not there; SIP as ever."""
    alice, bob = wire
    whole = range(_PACKETS)
    with capturing(bob, sink, "--rtp-sample", "1") as capture:
        for ports in _PORTS[2:]:
            send_frames(alice, media(ports, whole, whole))
        holes = [number for number in whole if number % 10 != 5]
        send_frames(alice, media(_PORTS[0], holes, [*whole, 17, 17]))
        send_frames(alice, media(_PORTS[1], whole, ()))
        send_datagrams(alice, options(3))
        sink.wait_for(3)
        packets = (2 * _CALLS - 1) * _PACKETS - 4 + 2
        until(lambda: seen(capture, "packets", bob.wire) == packets, "all packets of RTP")
        assert seen(capture, "duplicate", bob.wire) == 2
        assert capture.metric("seen_pairs", what="rtp_streams", directions="one_way") == 1
        assert capture.end() == 0, capture.log
    assert capture.said(
        f"seen by the capture: RTP {packets:,} packets of 39 streams, 4 missing, 2 twice"
    ), capture.log
    worst = re.findall(r"RTP \S+:(\d+) > \S+ \(PCMA, SSRC .*?\) at (\w+): (.*)", capture.log)
    assert [(port, place, text) for port, place, text in worst] == [
        ("20000", bob.wire, "36 packets, 4 missing"),
        ("30000", bob.wire, "42 packets, 0 missing, 2 twice"),
    ]


def test_a_sample(wire: tuple[Namespace, Namespace], sink: AckingSink) -> None:
    """Both directions of the calls that the filter lets in; of others nothing reaches us."""
    alice, bob = wire
    taken = sum(is_sampled(*ports, 4) for ports in _PORTS)
    assert 0 < taken < _CALLS // 2
    with capturing(bob, sink, "--rtp-sample", "4") as capture:
        for ports in _PORTS:
            send_frames(alice, media(ports, range(_PACKETS), range(_PACKETS)))
        send_datagrams(alice, options(3))
        sink.wait_for(3)
        packets = taken * 2 * _PACKETS
        until(lambda: seen(capture, "packets", bob.wire) == packets, "all packets of RTP")
        assert capture.metric("frames_total", interface=bob.wire) == packets + 3
        assert capture.end() == 0, capture.log
    assert capture.said(f"of {2 * taken} streams, 0 missing"), capture.log


def test_it_is_turned_on_and_off_while_it_runs(
    wire: tuple[Namespace, Namespace], sink: AckingSink, tmp_path: Path
) -> None:
    """By SIGHUP; what goes by meanwhile is no loss."""
    alice, bob = wire
    config = tmp_path / "hepscope.toml"

    def part(number: int) -> None:
        send_frames(alice, media(_PORTS[0], *[range(20 * number, 20 * number + 20)] * 2))

    with capturing(bob, sink, "--config", str(_with_sample(config, 0))) as capture:
        for number, sample in enumerate((0, 1, 0, 1, 0)):
            _with_sample(config, sample)
            capture.process.send_signal(signal.SIGHUP)
            until(lambda: capture.log.count("read again") == number + 1, "a reload")  # noqa: B023
            part(number)
            send_datagrams(alice, options(1, f"part-{number}"))
            sink.wait_for(number + 1)
        until(lambda: seen(capture, "packets", bob.wire) == 80, "all packets of two parts")
        assert capture.end() == 0, capture.log
    assert capture.said("RTP 80 packets of 4 streams, 0 missing"), capture.log


def _with_sample(config: Path, sample: int) -> Path:
    """Write a settings file."""
    config.write_text(f"[capture]\nrtp_sample = {sample}\n")
    return config
