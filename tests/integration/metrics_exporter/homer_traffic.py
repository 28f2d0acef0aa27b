"""Traffic of which every panel of HOMER's dashboards has something to show."""

import json

from support.builders import BASE_US, make_packet, make_request
from unit.metrics_exporter.call_flow import CallFlow, invite

FINALS = {200: 240, 486: 60, 480: 20, 603: 20, 403: 10, 404: 20, 482: 10, 500: 10, 503: 10, 408: 10}
"""How many INVITEs of a round end how."""

CHALLENGED = 40
REGISTERED, REFUSED = 50, 10
ROUND_US = 600_000_000
VQ_BODY = (
    "VQSessionReport: CallTerm\r\nCallID: c@example.org\r\nLocalID: <sip:a@example.org>\r\n"
    "RemoteID: <sip:b@example.org>\r\nOrigID: <sip:a@example.org>\r\n"
    "LocalAddr: IP=192.0.2.1 PORT=5000 SSRC=0x1\r\nRemoteAddr: IP=192.0.2.2 PORT=6000 SSRC=0x2\r\n"
    "LocalMetrics:\r\nTimestamps: START=2026-11-23T08:53:20Z STOP=2026-11-23T08:54:20Z\r\n"
    "PacketLoss: NLR=2.5 JDR=1.5\r\nDelay: RTD=80 IAJ={jitter}\r\n"
    "QualityEst: MOSLQ=3.9 MOSCQ=3.7\r\n"
)


def flows(number: int) -> list[CallFlow]:
    """Return the calls and registrations of one round."""
    found = []
    start_s = number * ROUND_US / 1_000_000
    serial = 0
    for status, count in FINALS.items():
        for _ in range(count):
            serial += 1
            name = f"{number}-{serial:05d}@example.org"
            flow = invite(name, status, start_s=start_s + serial * 0.01)
            if status == 200:
                flow.hang_up(60, answered_s=60.05)
            found.append(flow)
    for at in range(CHALLENGED):
        flow = CallFlow(f"{number}-auth-{at}", start_s=start_s)
        flow.request(0, "INVITE").response(0.01, 407).request(0.02, "ACK")
        flow.request(0.03, "INVITE", cseq=2).response(1, 180, cseq=2).response(2, 200, cseq=2)
        flow.hang_up(60, answered_s=60.05)
        found.append(flow)
    for at in range(REGISTERED + REFUSED):
        flow = CallFlow(f"{number}-reg-{at}", start_s=start_s)
        flow.request(0, "REGISTER").response(0.01, 401, method="REGISTER")
        final = 200 if at < REGISTERED else 403
        flow.request(0.02, "REGISTER", cseq=2)
        flow.response(0.05, final, method="REGISTER", cseq=2)
        found.append(flow)
    return found


def reports(number: int) -> list[bytes]:
    """Return media reports of every kind, their numbers higher in each round."""
    more = 10 * number
    rtcp = {
        "ssrc": 1,
        "type": 200,
        "sender_information": {"packets": 100, "octets": 16000},
        "report_blocks": [
            {"source_ssrc": 2, "fraction_lost": 40 + more, "packets_lost": 50 + more,
             "highest_seq_no": 9, "ia_jitter": 80 + more, "lsr": 77, "dlsr": 6553 + more}
        ],
        "report_blocks_xr": {
            "type": 7, "id": 2, "fraction_lost": 30 + more, "fraction_discard": 3,
            "burst_density": 9, "burst_duration": 60, "gap_density": 1, "gap_duration": 900,
            "round_trip_delay": 90 + more, "end_system_delay": 20,
        },
    }  # fmt: skip
    sbc: dict[str, object] = {"NAME": "sbc-1", "INC_REALM": "access", "OUT_REALM": "core"}
    for leg in ("INC", "OUT"):
        sbc |= {
            f"{leg}_ID": "c@example.org", f"{leg}_RTP_PK": 3000, f"{leg}_RTP_PK_LOSS": 50 + more,
            f"{leg}_RTP_AVG_JITTER": 40 + more, f"{leg}_RTP_MAX_JITTER": 90,
            f"{leg}_MOS": 350 + more, f"{leg}_RVAL": 7000, f"{leg}_RTCP_PK": 10,
            f"{leg}_RTCP_PK_LOSS": 3, f"{leg}_RTCP_AVG_JITTER": 5, f"{leg}_RTCP_MAX_JITTER": 9,
            f"{leg}_RTCP_AVG_LAT": 60 + more, f"{leg}_RTCP_MAX_LAT": 99,
        }  # fmt: skip
    agent = {"DELTA": 20 + more, "JITTER": 5, "MOS": 4.1, "PACKET_LOSS": 3, "TOTAL_PK": 100}
    stat = f"X-RTP-Stat: CS={1500 + more};PS=1433;PR=1522;PL=3,2;JI={23 + more},2;DL=20,20,21\r\n"
    time_us = BASE_US + number * ROUND_US
    payloads = [
        (5, json.dumps(rtcp).encode()),
        (34, json.dumps(agent).encode()),
        (35, VQ_BODY.format(jitter=12 + more).encode()),
        (38, json.dumps(sbc).encode()),
        (1, make_request("BYE", f"stat-{number}@example.org", to_tag="to-1", headers=stat)),
        (100, b'{"level": "warning", "message": "queue is long"}'),
        (1, make_request("OPTIONS", f"options-{number}@example.org")),
    ]
    return [
        make_packet(
            payload,
            time_us=time_us,
            protocol_type=kind,
            node_name=b"edge",
            correlation_id=b"c@example.org",
        )
        for kind, payload in payloads
    ]
