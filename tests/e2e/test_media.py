"""Media end to end: reports of a real rtpengine and of a recording, asked for by the API."""

import time
from pathlib import Path

import pytest

from e2e.test_live_senders import Media, media_port, ng, offer_of
from hep.rtcp import ReportBlock, SenderReport, encode, middle_bits, us_to_ntp
from support.builders import make_packet, make_request, make_response
from support.corpus_replay import hep_recording
from support.service import Json, Service, until
from support.siptools import free_port, program, running

pytestmark = pytest.mark.database

HOST = "127.0.0.1"
CALLER, CALLEE = 1001, 2002


class Talker(Media):
    """An end of a call that reports on what it received."""

    def send_rtcp(self, compound: bytes, port: int) -> None:
        """Send RTCP from the port above that of RTP."""
        self._rtcp.sendto(compound, (HOST, port))


def described(message: bytes, sdp: str) -> bytes:
    """Return a message that carries a session description."""
    head = message.partition(b"\r\n\r\n")[0].rpartition(b"\r\nContent-Length")[0]
    more = f"Content-Type: application/sdp\r\nContent-Length: {len(sdp)}\r\n\r\n{sdp}"
    return head + b"\r\n" + more.encode()


def compound(
    ssrc: int, *, other: int, sent_us: int, lost: int, lsr: int = 0, dlsr: int = 0
) -> bytes:
    """Return a sender report with a block on what came from the other end."""
    block = ReportBlock(other, lost, 10, 1000, 80, lsr, dlsr)
    return encode(SenderReport(ssrc, us_to_ntp(sent_us), 1600, 10, 1600, (block,)))


def test_a_call_through_rtpengine_has_media_of_both_directions(
    hepscope: Service, tmp_path: Path
) -> None:
    """Each end reports on the stream of the other one; SDP of the call tells the codec."""
    program("rtpengine")
    call_id = f"media-{time.time_ns()}@example.org"
    control = free_port()
    options = (
        # The system's own names ports, which two at a time cannot share.
        "--config-file=none",
        f"--interface={HOST}", f"--listen-ng={HOST}:{control}", "--table=-1", "--foreground",
        "--log-stderr", "--port-min=33200", "--port-max=33300",
        f"--homer={HOST}:{hepscope.udp[1]}", "--homer-protocol=udp", "--homer-id=2003",
    )  # fmt: skip
    with (
        running("rtpengine", *options, cwd=tmp_path),
        Talker() as caller,
        Talker() as callee,
    ):
        until(lambda: ng(control, {"command": "ping"}), "rtpengine to answer")
        offer = offer_of(call_id, "offer", caller.port)
        reply = offer_of(call_id, "answer", callee.port)
        offered = ng(control, offer)
        answered = ng(control, reply)
        to_callee, to_caller = media_port(answered), media_port(offered)
        now_us = time.time_ns() // 1000
        messages = (
            described(make_request("INVITE", call_id), offer["sdp"]),
            described(make_response(200, "OK", call_id=call_id), reply["sdp"]),
        )
        hepscope.send_udp(make_packet(one, time_us=now_us) for one in messages)
        for number in range(10):
            caller.send_rtp(number, to_callee)
            callee.send_rtp(number, to_caller)
        caller.send_rtcp(compound(CALLER, other=CALLEE, sent_us=now_us, lost=26), to_callee + 1)
        callee.send_rtcp(
            compound(
                CALLEE,
                other=CALLER,
                sent_us=now_us,
                lost=0,
                lsr=middle_bits(us_to_ntp(now_us)),
                dlsr=1,
            ),
            to_caller + 1,
        )

        def both() -> dict[int, Json] | None:
            answer = hepscope.ask(f"calls/{call_id}/media")
            streams = answer.json().get("streams", []) if answer.status_code == 200 else []
            found = {
                stream["ssrc"]: stream for stream in streams if stream["joined_by"] is not None
            }
            return found if {CALLER, CALLEE} <= set(found) else None

        streams = until(both, "media of both directions")
    assert {stream["node"] for stream in streams.values()} == {"2003"}
    assert {stream["kind"] for stream in streams.values()} == {"rtcp_json"}
    assert {stream["way"] for stream in streams.values()} == {"received"}
    lossy, clean = streams[CALLEE]["points"][0], streams[CALLER]["points"][0]
    assert lossy["loss"] == pytest.approx(26 / 256, abs=1e-5)
    assert clean["loss"] == 0
    assert lossy["mos"] < clean["mos"]
    until(lambda: streams_have_codec(hepscope, call_id), "the codec of SDP")
    assert until(
        lambda: (hepscope.call(call_id) or {}).get("worst_loss"), "the worst loss of the call"
    ) == pytest.approx(26 / 256, abs=1e-4)


def streams_have_codec(service: Service, call_id: str) -> bool:
    """Whether all streams of a call know their codec from SDP, and so their jitter as a time."""
    streams = service.get(f"calls/{call_id}/media")["streams"]
    return all(
        (stream["codec"], stream["codec_from"]) == ("PCMA", "sdp")
        and stream["points"][0]["jitter_ms"] == 10.0
        for stream in streams
    )


@pytest.mark.corpus
def test_reports_of_a_recording_are_found_by_their_call(hepscope: Service, corpus: Path) -> None:
    """hep.js sends RTCP as JSON with the Call-ID in chunk 17."""
    recording = hep_recording(corpus, "hepjs_v3_udp").renamed("media")
    hepscope.send_udp(recording.packets)
    for call_id in recording.statuses:

        def found(call_id: str = call_id) -> list[Json] | None:
            answer = hepscope.ask(f"calls/{call_id}/media")
            return answer.json()["streams"] or None if answer.status_code == 200 else None

        streams = until(found, f"media of {call_id}")
        assert {stream["kind"] for stream in streams} == {"rtcp_json"}
        assert all(stream["points"] for stream in streams)
