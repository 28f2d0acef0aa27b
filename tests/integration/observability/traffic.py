"""A minute of traffic in which everything happens that dashboards tell of, as HEP packets."""

import json
from collections.abc import Iterator
from dataclasses import dataclass

from support.builders import make_packet, make_request, make_response

SECOND_US = 1_000_000
CALLER, CARRIER, REGISTRAR = "192.0.2.1", "192.0.2.2", "192.0.2.3"
NAMES = {"pbx": CALLER, "carrier": CARRIER}
COUNTRIES = {"192.0.2.0/24": "NL"}
FAILURES = (403, 404, 408, 482, 486, 487, 503, 606)
ATTEMPTS = 3 + len(FAILURES) + 4
"""Calls and registrations of a round."""

X_RTP_STAT = (
    "X-RTP-Stat: CS=1500;PS=1433;OS=229280;PR=1522;OR=243520;PL=3,2;JI=23,2;EN=PCMA;DE=PCMA;"
    "DL=20,20,21;IP=192.0.2.1:5000,192.0.2.2:6000\r\n"
)
RTCP = {
    "ssrc": 1,
    "type": 200,
    "report_count": 1,
    "sender_information": {"packets": 100, "octets": 16000},
    "report_blocks": [
        {"source_ssrc": 2, "fraction_lost": 5, "packets_lost": 5, "highest_seq_no": 9,
         "ia_jitter": 80, "lsr": 77, "dlsr": 6553}
    ],
    "report_blocks_xr": {
        "type": 7, "id": 2, "fraction_lost": 5, "fraction_discard": 3, "burst_density": 9,
        "burst_duration": 60, "gap_density": 1, "gap_duration": 900, "round_trip_delay": 90,
        "end_system_delay": 20,
    },
}  # fmt: skip
VQ = (
    "VQSessionReport: CallTerm\r\nCallID: c@example.org\r\nLocalID: <sip:a@example.org>\r\n"
    "RemoteID: <sip:b@example.org>\r\nOrigID: <sip:a@example.org>\r\n"
    "LocalAddr: IP=192.0.2.1 PORT=5000 SSRC=0x1\r\nRemoteAddr: IP=192.0.2.2 PORT=6000 SSRC=0x2\r\n"
    "LocalMetrics:\r\nTimestamps: START=2026-11-23T08:53:20Z STOP=2026-11-23T08:54:20Z\r\n"
    'SessionDesc: PT=8 PD="PCMA" SR=8000\r\nPacketLoss: NLR=2.5 JDR=1.5\r\n'
    "Delay: RTD=80 IAJ=12\r\nQualityEst: RLQ=82 RCQ=80 MOSLQ=3.9 MOSCQ=3.7\r\n"
)
SBC = {"NAME": "sbc-1", "INC_REALM": "access", "OUT_REALM": "core"} | {
    f"{leg}_{key}": value
    for leg in ("INC", "OUT")
    for key, value in {
        "ID": "c@example.org", "RTP_PK": 3000, "RTP_PK_LOSS": 5, "RTP_AVG_JITTER": 4,
        "RTP_MAX_JITTER": 9, "MOS": 420, "RVAL": 9000, "RTCP_PK": 10, "RTCP_PK_LOSS": 3,
        "RTCP_AVG_JITTER": 5, "RTCP_MAX_JITTER": 9, "RTCP_AVG_LAT": 60, "RTCP_MAX_LAT": 99,
    }.items()
}  # fmt: skip
AGENT = {"DELTA": 20, "JITTER": 5, "MOS": 4.1, "PACKET_LOSS": 3, "TOTAL_PK": 100}


@dataclass(frozen=True, slots=True)
class Round:
    """One minute; a further one has the same of everything under other Call-IDs."""

    number: int
    start_us: int

    def packets(self) -> Iterator[bytes]:
        """Yield the packets of both capture nodes."""
        for node in (b"edge-1", b"edge-2"):
            yield from self._answered(node)
            for status in FAILURES:
                yield from self._failed(node, status)
            yield from self._registered(node, 200)
            yield from self._registered(node, 403)
            yield from self._other_sip(node)
            yield from self._reports(node)

    def _sip(
        self, node: bytes, payload: bytes, after_s: float, *, back: bool = False, to: str = CARRIER
    ) -> bytes:
        source, destination = (to, CALLER) if back else (CALLER, to)
        return make_packet(
            payload,
            time_us=self.start_us + round(after_s * SECOND_US),
            source=source,
            destination=destination,
            node_name=node,
        )

    def _name(self, what: str) -> str:
        return f"{what}-{self.number}@example.org"

    def _answered(self, node: bytes) -> Iterator[bytes]:
        for at, has_end in enumerate((True, True, False)):
            call_id = self._name(f"answered-{at}")
            yield self._sip(node, make_request("INVITE", call_id), at)
            yield self._sip(node, make_response(180, "Ringing", call_id=call_id), at + 1, back=True)
            yield self._sip(node, make_response(200, "OK", call_id=call_id), at + 3, back=True)
            yield self._sip(node, make_request("ACK", call_id, to_tag="to-1"), at + 3.1)
            if has_end:
                branch = "z9hG4bK-2"
                bye = make_request(
                    "BYE", call_id, cseq=2, to_tag="to-1", branch=branch, headers=X_RTP_STAT
                )
                yield self._sip(node, bye, at + 13)
                answer = make_response(200, "OK", "BYE", call_id, cseq=2, branch=branch)
                yield self._sip(node, answer, at + 13.1, back=True)

    def _failed(self, node: bytes, status: int) -> Iterator[bytes]:
        call_id = self._name(f"failed-{status}")
        cause = 'Reason: Q.850;cause=16;text="Normal"\r\n'
        yield self._sip(node, make_request("INVITE", call_id), 1)
        if status == 487:
            yield self._sip(node, make_response(180, call_id=call_id), 1.5, back=True)
            yield self._sip(node, make_request("CANCEL", call_id), 2)
            yield self._sip(node, make_response(200, "OK", "CANCEL", call_id), 2.1, back=True)
        final = make_response(status, "No", call_id=call_id, headers=cause)
        yield self._sip(node, final, 2.2, back=True)
        yield self._sip(node, make_request("ACK", call_id, to_tag="to-1"), 2.3)

    def _registered(self, node: bytes, status: int) -> Iterator[bytes]:
        call_id = self._name(f"register-{status}")
        for to in (CARRIER, REGISTRAR):
            name = f"{to}-{call_id}"
            for cseq, final, after in ((1, 401, 1.0), (2, status, 1.2)):
                branch = f"z9hG4bK-{cseq}"
                sent = make_request("REGISTER", name, cseq=cseq, branch=branch)
                yield self._sip(node, sent, after, to=to)
                answer = make_response(final, "Said", "REGISTER", name, cseq=cseq, branch=branch)
                yield self._sip(node, answer, after + 0.05, back=True, to=to)

    def _other_sip(self, node: bytes) -> Iterator[bytes]:
        call_id = self._name("options")
        scan = make_request("OPTIONS", call_id).replace(b"builder/1", b"friendly-scanner")
        yield self._sip(node, scan, 1)
        answer = make_response(200, "OK", "OPTIONS", call_id)
        yield self._sip(node, answer, 1.1, back=True) + b"behind the end"
        yield self._sip(node, make_request("NOTIFY", self._name("notify")), 1)
        yield self._sip(node, b"this is no SIP\r\n\r\n", 1)
        yield self._sip(node, make_request("INFO", "").replace(b"Call-ID: \r\n", b""), 1)

    def _reports(self, node: bytes) -> Iterator[bytes]:
        for kind, payload in (
            (5, json.dumps(RTCP)),
            (34, json.dumps(AGENT)),
            (35, VQ),
            (38, json.dumps(SBC)),
            (5, "{broken"),
            (100, '{"level": "warning", "message": "the queue is long"}'),
        ):
            yield make_packet(
                payload.encode(),
                time_us=self.start_us + SECOND_US,
                protocol_type=kind,
                node_name=node,
                correlation_id=self._name("answered-0").encode(),
            )
