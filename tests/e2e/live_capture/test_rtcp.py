"""RTCP through a real rtpengine, captured beside it: each report goes under its Call-ID."""

import json
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from e2e.test_live_senders import Media, media_port, ng, offer_of
from hep import HepPacket
from hep.media.dispatch import reports
from hep.media.report import Way
from support.live_capture import AckingSink
from support.live_wire import capturing
from support.media_traffic import message
from support.namespaces import Namespace
from support.service import until
from support.siptools import running

CALL_ID = "captured-1@example.org"
CONTROL = 2223
PORTS = {"caller": (5060, 5070), "callee": (5070, 5060)}


@contextmanager
def rtpengine(place: Namespace, folder: Path) -> Iterator[None]:
    """Rtpengine on the loopback of a place, once it answers."""
    words = place.command(
        "rtpengine", "--interface=127.0.0.1", f"--listen-ng=127.0.0.1:{CONTROL}", "--table=-1",
        "--foreground", "--log-stderr", "--port-min=33400", "--port-max=33500",
    )  # fmt: skip
    with running(Path(words[0]).name, *words[1:], cwd=folder):
        until(lambda: place.call(lambda: ng(CONTROL, {"command": "ping"})), "rtpengine to answer")
        yield


def negotiate(place: Namespace, command: str, media: Media) -> tuple[str, int]:
    """Return the description that rtpengine makes of an end's, and its port."""
    reply = place.call(lambda: ng(CONTROL, offer_of(CALL_ID, command, media.port)))
    assert reply is not None
    length, _, rest = reply.split("3:sdp", 1)[1].partition(":")
    return rest[: int(length)], media_port(reply)


def described(media: Media, command: str) -> str:
    """Return an end's own description."""
    return offer_of(CALL_ID, command, media.port)["sdp"]


def send_sip(place: Namespace, payload: bytes, who: str) -> None:
    """Send a message from an end's SIP port to the other's."""

    def send() -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.bind(("127.0.0.1", PORTS[who][0]))
            sender.sendto(payload, ("127.0.0.1", PORTS[who][1]))

    place.call(send)


def rtcp_of(sink: AckingSink) -> list[HepPacket]:
    """Return what came of type 5."""
    return [packet for packet in sink.packets if packet.protocol_type == 5]


def test_reports_go_under_their_call(
    wire: tuple[Namespace, Namespace], sink: AckingSink, tmp_path: Path
) -> None:
    """On both sides of the relay; what overtakes the SIP that tells of it waits for it."""
    _, bob = wire
    with ExitStack() as stack:
        stack.enter_context(rtpengine(bob, tmp_path))
        caller, callee = (stack.enter_context(bob.call(Media)) for _ in range(2))
        capture = stack.enter_context(capturing(bob, sink, interface="lo"))
        offered, to_caller = negotiate(bob, "offer", caller)
        answered, to_callee = negotiate(bob, "answer", callee)
        for number in range(5):
            caller.send_rtp(number, to_callee)
            callee.send_rtp(number, to_caller)
        caller.send_sender_report(to_callee + 1)
        # The relay's copy, should it come between the two offers, would be told by its SSRC.
        until(lambda: capture.metric("rtcp_total", event="held") == 2, "both ways to be held")
        for offer in (described(caller, "offer"), offered):
            send_sip(bob, message("INVITE sip:bob@example.org SIP/2.0", CALL_ID, offer), "caller")
        for reply in (described(callee, "answer"), answered):
            send_sip(bob, message("SIP/2.0 200 OK", CALL_ID, reply), "callee")
        sink.wait_for(6)
        callee.send_sender_report(to_caller + 1)
        sink.wait_for(8)
        assert capture.metric("rtcp_matched_total", evidence="rtcp") == 4
        assert capture.end() == 0

    found = rtcp_of(sink)

    assert {packet.correlation_id for packet in found} == {CALL_ID.encode()}
    ends = {(packet.source_port, packet.destination_port) for packet in found}
    assert len(found) == len(ends) == 4
    assert (caller.port + 1, to_callee + 1) in ends
    assert (callee.port + 1, to_caller + 1) in ends
    for packet in found:
        (report,) = reports(5, packet.payload)
        assert (report.way, report.packets_sent) == (Way.SENT, 10)
        assert json.loads(packet.payload)["sdes_information"][0]["text"] == "caller@example.org"
