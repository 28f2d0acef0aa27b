"""Statistics headers of BYE, product by product."""

import pytest

from hep.media.dispatch import sip_reports
from hep.media.report import Source, StreamReport, Way
from hep.media.stat_headers import reports_of_header, split
from hep.sip import parse


def both(value: str, source: Source = Source.X_RTP_STAT) -> tuple[StreamReport, StreamReport]:
    """Return the reports of the stream received and of the one sent."""
    received, sent = reports_of_header(source, value)
    assert (received.way, sent.way) == (Way.RECEIVED, Way.SENT)
    assert received.is_final
    assert sent.is_final
    return received, sent


def test_avm() -> None:
    """Two numbers of a value are received and sent."""
    received, sent = both(
        "CS=0;PS=1433;ES=1525;OS=229280;SP=0/0;SO=0;QS=-;PR=1522;ER=1525;OR=243520;CR=0;SR=0;"
        "QR=-;PL=3,7;BL=0;LS=0;RB=0/0;SB=-/-;EN=PCMA;DE=PCMU;JI=23,2;DL=20,21,22;"
        "IP=192.0.2.1:7078,198.51.100.2:21518"
    )

    assert (received.packets_received, received.packets_expected) == (1522, 1525)
    assert (received.packets_lost, received.jitter_ms, received.codec) == (3, 23.0, "PCMU")
    assert (received.one_way_delay_ms, received.octets_received) == (20.0, 243520)
    assert (sent.packets_sent, sent.octets_sent, sent.packets_expected) == (1433, 229280, 1525)
    assert (sent.packets_lost, sent.jitter_ms, sent.codec) == (7, 2.0, "PCMA")
    assert (sent.local_address, sent.local_port) == ("192.0.2.1", 7078)
    assert (sent.remote_address, sent.remote_port) == ("198.51.100.2", 21518)


def test_audiocodes() -> None:
    """A doubled semicolon; loss and jitter are of the stream received."""
    received, sent = both("PS=207;OS=49680;;PR=314;OR=50240;PL=0;JI=600;LA=40;")

    assert (received.packets_received, received.packets_lost) == (314, 0)
    assert (received.jitter_ms, received.one_way_delay_ms) == (600.0, 40.0)
    assert (sent.packets_sent, sent.packets_lost, sent.jitter_ms) == (207, None, None)


def test_poly() -> None:
    """Commas between the fields; LA is the jitter buffer."""
    received, sent = both(
        "PS=1234,OS=34560,PR=1236,OR=24720,JI=1,LA=60,DU=1230,PL=0,EN=G711U,DE=G711A,MOS=4.0"
    )

    assert (received.mos_lq, received.codec, received.jitter_buffer_ms) == (4.0, "G711A", 60.0)
    assert (received.round_trip_ms, received.one_way_delay_ms) == (None, None)
    assert (sent.codec, sent.packets_sent) == ("G711U", 1234)


def test_cisco_gateway() -> None:
    """LA is the round trip."""
    received, _ = both("PS=300,OS=48000,PR=365,OR=58400,PL=0,JI=2,LA=80,DU=7", Source.P_RTP_STAT)

    assert (received.round_trip_ms, received.jitter_ms) == (80.0, 2.0)


def test_baresip_gives_jitter_in_units_of_the_rate() -> None:
    """32 units at 16 kHz are 2 ms, also of G.722, whose RTP clock is another."""
    received, sent = both(
        "EX=BareSip;CS=1000;CD=10;PR=500;PS=490;PL=1,2;PD=3,0;JI=32.0,8.0;"
        "IP=192.0.2.1:10000,192.0.2.2:20000;EN=PCMA/8000;DE=G722/16000"
    )

    assert (received.jitter_ms, sent.jitter_ms) == (2.0, 1.0)
    assert (received.packets_discarded, received.reporter) == (3, "BareSip")
    assert (received.codec, received.clock_hz) == ("G722", 16000)


def test_cisco_phones() -> None:
    """A quoted list inside the list; empty values are not said."""
    (received,) = reports_of_header(
        Source.RTP_RX_STAT,
        "Dur=13,Pkt=657,Oct=113004,LatePkt=4,LostPkt=2,AvgJit=1,"
        'VQMetrics="MLQK=4.5000;MLQKav=;MLQKmn=4.1;MLQKmx=;MLQKvr=0.95;CCR=;ICR=;CS=0;SCS=0"',
    )
    (sent,) = reports_of_header(Source.RTP_TX_STAT, "Dur=13,Pkt=660,Oct=113520")

    assert (received.packets_received, received.packets_lost) == (657, 2)
    assert (received.packets_discarded, received.jitter_ms) == (4, 1.0)
    assert (received.mos_lq, received.mos_min) == (4.5, 4.1)
    assert (sent.way, sent.packets_sent, sent.octets_sent) == (Way.SENT, 660, 113520)


def test_unify() -> None:
    """Codecs as payload types, addresses and ports apart, the SSRC of both."""
    received, sent = both(
        "MT=0;TB=1788264000;TE=1788264060;IPL=192.0.2.1;PTL=5000;IPR=192.0.2.2;PTR=6000;SRCS=1;"
        "SRCR=2;PS=662;OS=105920;PR=661;OR=105760;PL=4;PD=1;JI=3;LA=1;SS=0;EN=8;DE=9;IE=00;TCLW=52",
        Source.X_SIEMENS_RTP_STATS,
    )

    assert (received.ssrc, received.reporter_ssrc, sent.ssrc) == (2, 1, 1)
    assert (received.codec, received.payload_type, sent.codec) == ("G722", 9, "PCMA")
    assert (received.local_address, received.local_port) == ("192.0.2.1", 5000)
    assert (received.start_us, received.stop_us) == (1_788_264_000_000_000, 1_788_264_060_000_000)
    assert (received.packets_lost, received.packets_discarded) == (4, 1)
    assert reports_of_header(Source.X_SIEMENS_RTP_STATS, "MT=1;PS=1;PR=1") == []


def test_other_programs() -> None:
    """Names in words, one MOS."""
    (received,) = reports_of_header(Source.X_RTP_STAT, "MOS=3.8;Jitter=7;PacketLossPct=0")

    assert (received.mos_lq, received.jitter_ms) == (3.8, 7.0)


@pytest.mark.parametrize(
    ("value", "fields"),
    [
        ("A=1;B=2,C=3", {"A": "1", "B": "2", "C": "3"}),
        ("A=1,2;B=3,4,5,C=6", {"A": "1,2", "B": "3,4,5", "C": "6"}),
        ("a = 1 , b", {"A": "1,b"}),
        (";;,,=", {"": ""}),
        ("x;A=1;y,B=2", {"A": "1", "B": "2"}),
        ("A=1;A=2", {"A": "1"}),
        ("", {}),
    ],
)
def test_splitting(value: str, fields: dict[str, str]) -> None:
    """A comma before a text without `=` belongs to the value."""
    assert split(value) == fields


@pytest.mark.parametrize("value", ["", "nothing here", "PR=x;PL=-;JI=-", "PS=;PR=", "=;=,=,,"])
def test_a_header_without_numbers_has_no_report(value: str) -> None:
    """AVM writes a dash for what it does not know."""
    for source in Source:
        assert reports_of_header(source, value) == []


def test_headers_of_a_message() -> None:
    """Every one of them, in any case, under the message's Call-ID; kin headers are left alone."""
    message = parse(
        b"BYE sip:a@b SIP/2.0\r\nCall-ID: call-1@example.com\r\nCSeq: 2 BYE\r\n"
        b"X-RTP-Stat: PS=1;PR=2;\r\n PL=3,4\r\n"
        b"X-RTP-Stat-Add: DQ=31;DSS=0;PS=9\r\n"
        b"rtp-rxstat: Dur=1,Pkt=5\r\nRTP-TxStat: Dur=1,Pkt=6\r\n\r\n"
    )
    found = sip_reports(message)

    assert [report.source for report in found] == [
        Source.X_RTP_STAT,
        Source.X_RTP_STAT,
        Source.RTP_RX_STAT,
        Source.RTP_TX_STAT,
    ]
    assert {report.call_id for report in found} == {"call-1@example.com"}
    assert [report.packets_lost for report in found[:2]] == [3, 4]


def test_a_plain_message_has_no_report() -> None:
    """Most messages."""
    assert sip_reports(parse(b"INVITE sip:a@b SIP/2.0\r\nCall-ID: x\r\n\r\n")) == []
