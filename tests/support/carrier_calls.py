"""Calls through a carrier, as a session border controller sees them: resends, a fault, two sights.

Each function returns HEP packets in the order in which they were captured.
"""

from support.builders import BASE_US, make_packet, make_request, make_response

PHONE = "192.0.2.1"
SBC = "192.0.2.2"
CARRIER = "198.51.100.9"
STRANGER = "203.0.113.77"
NAMES = {
    "HEPSCOPE_NAMES__TARGET_IP": f"{PHONE},{SBC},{CARRIER}",
    "HEPSCOPE_NAMES__TARGET_NAME": "Yealink T54W,sbc-fra-1,Rheinfon gw1",
}

MILLISECOND = 1000
SECOND = 1_000_000
SDP_TYPE = "Content-Type: application/sdp\r\n"
SDP = (
    "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n"
    "m=audio 4000 RTP/AVP 8 0 101\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:0 PCMU/8000\r\n"
    "a=rtpmap:101 telephone-event/8000\r\n"
)
RESENDS = 10
TIMES = "\N{MULTIPLICATION SIGN}"


class Wire:
    """Packets one after the other, each some time after the one before."""

    def __init__(self, start_us: int = BASE_US) -> None:
        self.packets: list[bytes] = []
        self._at_us = start_us

    def send(
        self, after_us: int, payload: bytes, source: str, destination: str, *, tcp: bool = False
    ) -> None:
        """Send a message."""
        self._at_us += after_us
        self._note(payload, source, destination, node=b"sbc-1", late_us=0, tcp=tcp)

    def seen_again(self, late_us: int, payload: bytes, source: str, destination: str) -> None:
        """Let a second capture point see the message that was sent last."""
        self._note(payload, source, destination, node=b"kam-1", late_us=late_us, tcp=True)

    def _note(
        self, payload: bytes, source: str, destination: str, *, node: bytes, late_us: int, tcp: bool
    ) -> None:
        self.packets.append(
            make_packet(
                payload,
                time_us=self._at_us + late_us,
                source=source,
                destination=destination,
                node_name=node,
                node_id=8 if node == b"kam-1" else 7,
                ip_protocol=6 if tcp else 17,
            )
        )


def invite(call_id: str, branch: str, to_user: str = "bob") -> bytes:
    """Return an INVITE that offers two codecs."""
    return make_request(
        "INVITE", call_id, branch=branch, headers=SDP_TYPE, body=SDP, to_user=to_user
    )


def failed_call(call_id: str) -> list[bytes]:
    """Return a call that the carrier refuses after 1.2 s, as it has no circuit: 7 packets."""
    wire = Wire()
    reason = 'Reason: Q.850;cause=34;text="no circuit"\r\n'
    wire.send(0, invite(call_id, "z9hG4bK-a"), PHONE, SBC)
    wire.send(2000, make_response(100, "Trying", call_id=call_id, branch="z9hG4bK-a"), SBC, PHONE)
    wire.send(3000, invite(call_id, "z9hG4bK-b", to_user="carrier-bob"), SBC, CARRIER)
    for hop, source, destination in (("b", CARRIER, SBC), ("a", SBC, PHONE)):
        branch = f"z9hG4bK-{hop}"
        refusal = make_response(
            503,
            "Service Unavailable",
            call_id=call_id,
            branch=branch,
            headers=reason if hop == "b" else "",
        )
        wire.send(1_200_000 if hop == "b" else 1000, refusal, source, destination)
        ack = make_request("ACK", call_id, branch=branch, to_tag="to-1")
        wire.send(1000, ack, destination, source)
    return wire.packets


def unacknowledged_call(call_id: str) -> list[bytes]:
    """Return a call whose ACK goes astray; the first INVITE has two sights: 37 packets."""
    wire = Wire()
    first = invite(call_id, "z9hG4bK-a")
    wire.send(0, first, PHONE, SBC, tcp=True)
    wire.seen_again(350, first, PHONE, SBC)
    onward = invite(call_id, "z9hG4bK-b")
    for after_us in (3000, 500 * MILLISECOND, SECOND):
        wire.send(after_us, onward, SBC, CARRIER)
    answer = make_response(200, "OK", call_id=call_id, branch="z9hG4bK-b")
    lost = make_request("ACK", call_id, branch="z9hG4bK-c", to_tag="to-1")
    wire.send(5 * SECOND, answer, CARRIER, SBC)
    wire.send(1000, lost, SBC, STRANGER)
    wire.send(1000, make_response(200, "OK", call_id=call_id, branch="z9hG4bK-a"), SBC, PHONE)
    wire.send(9000, make_request("ACK", call_id, branch="z9hG4bK-d", to_tag="to-1"), PHONE, SBC)
    for resend in range(RESENDS):
        wire.send(min(500 * MILLISECOND * 2**resend, 4 * SECOND), answer, CARRIER, SBC)
        wire.send(1000, lost, SBC, STRANGER)
    for hop, source, destination in (("e", CARRIER, SBC), ("f", SBC, PHONE)):
        branch = f"z9hG4bK-{hop}"
        reason = 'Reason: Q.850;cause=102;text="timer expired"\r\n' if hop == "e" else ""
        bye = make_request("BYE", call_id, cseq=2, branch=branch, to_tag="to-1", headers=reason)
        wire.send(2 * SECOND if hop == "e" else 1000, bye, source, destination)
        done = make_response(200, "OK", "BYE", call_id, cseq=2, branch=branch)
        wire.send(1000, done, destination, source)
    return wire.packets
