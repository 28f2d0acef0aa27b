"""Media of the demo: offers at two addresses, and reports that tell how good the line was."""

from random import Random

import pytest

from hep import sdp as sdp_codec
from hep.media.dispatch import reports, sip_reports
from hep.media.report import StreamReport
from hep.protocols import RTCP_JSON
from hep.sip import parse
from hepscope_standalone.demo.calls import between
from hepscope_standalone.demo.quality import DEAD, Line, clean
from hepscope_standalone.demo.scenarios.dropped import told_by_phone
from hepscope_standalone.demo.scene import Scene
from hepscope_standalone.demo.world import World

from .conftest import END_US

QUIET = Line(0.0, 3.0)
NOISY = Line(0.1, 30.0)


def talk(lines: tuple[Line, Line], seed: int = 1) -> list[StreamReport]:
    """What is reported of a minute of talk between two phones."""
    random = Random(seed)
    scene = Scene(random, END_US)
    first, second, *_ = World.make(random).phones
    call = between(scene, first, second)
    call.pick_up(call.ring())
    call.talk(60.0, lines=lines)
    return [
        report
        for capture in scene.captures
        if capture.protocol == RTCP_JSON
        for report in reports(RTCP_JSON, capture.payload)
        if report.fraction_lost is not None
    ]


@pytest.mark.parametrize("seed", range(1, 5))
def test_loss_and_jitter_are_those_of_the_line(seed: int) -> None:
    """Each side reports what it hears, as JSON or as bytes: one nothing lost, one a tenth."""
    found = talk((QUIET, NOISY), seed)

    by_reporter: dict[int | None, list[float]] = {}
    for report in found:
        assert report.fraction_lost is not None
        by_reporter.setdefault(report.reporter_ssrc, []).append(report.fraction_lost)
    means = sorted(sum(values) / len(values) for values in by_reporter.values())
    assert means[0] == 0
    assert 0.06 < means[1] < 0.14
    assert len(found) > 12


def test_who_hears_nothing_reports_nothing_heard() -> None:
    """Of a dead direction there are no report blocks, of the other there are."""
    assert len({report.reporter_ssrc for report in talk((DEAD, clean(Random(1))))}) == 1


def test_offer_beyond_the_media_server_is_at_its_address() -> None:
    """The phone writes the address of its own network, the core that of the media server."""
    random = Random(1)
    scene = Scene(random, END_US)
    first, second, *_ = World.make(random).phones
    call = between(scene, first, second)

    call.invite()

    bodies = [parse(capture.payload).body for capture in scene.captures]
    near, far = (sdp_codec.parse(body.decode()).media[0] for body in bodies if body)
    assert near.connection == first.host.inside
    assert far.connection == "203.0.113.40"


def test_report_of_a_phone_is_of_its_call() -> None:
    """A vq-rtcpxr PUBLISH names the call and what the phone measured."""
    random = Random(1)
    scene = Scene(random, END_US)

    told_by_phone(scene, World.make(random))

    call, publish = scene.planned
    (payload,) = {
        capture.payload
        for capture in scene.captures
        if capture.call_id == publish.call_id and capture.payload.startswith(b"PUBLISH")
    }
    (report,) = sip_reports(parse(payload))
    assert report.call_id == call.call_id
    assert report.mos_lq is not None
