"""RTCP as JSON: what is no number becomes None, what is no report is refused."""

import json

import pytest

from hep.media.dispatch import reports
from hep.media.errors import MediaError, Reason
from hep.media.json_text import MAX_BYTES, MAX_OBJECTS, objects
from hep.media.report import StreamReport


def refusal(payload: bytes, protocol_type: int = 5) -> Reason:
    """Return why a payload is refused."""
    with pytest.raises(MediaError) as caught:
        reports(protocol_type, payload)
    return caught.value.reason


def block(**said: object) -> StreamReport:
    """Return the report of one block."""
    payload = json.dumps({"ssrc": 1, "report_blocks": [{"source_ssrc": 2, **said}]}).encode()
    (report,) = reports(5, payload)
    return report


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity", "1e400", "-1", "null", "[1]"])
def test_impossible_numbers_are_not_said(value: str) -> None:
    """The report stays, its field is None."""
    text = '{"ssrc":1,"report_blocks":[{"source_ssrc":2,"ia_jitter":%s,"fraction_lost":%s}]}'
    (report,) = reports(5, (text % (value, value)).encode())

    assert report.said() == {
        "source": "rtcp_json",
        "way": "received",
        "ssrc": 2,
        "reporter_ssrc": 1,
    }


@pytest.mark.parametrize(
    ("sent", "lost"),
    [
        (16777215, -1),
        (4294967295, -1),
        (-7, -7),
        (8388607, 8388607),
        (8388608, -8388608),
        ("12", 12),
        (16777216, None),
        (2147483648, None),
        (10**300, None),
        (True, None),
    ],
)
def test_cumulative_loss_is_signed(sent: object, lost: int | None) -> None:
    """24 bits, sent unsigned by most, widened to 32 by some."""
    assert block(packets_lost=sent).packets_lost == lost


@pytest.mark.parametrize(("sent", "share"), [(0, 0.0), (128, 0.5), ("255", 255 / 256), (256, None)])
def test_fraction_lost_is_of_256(sent: object, share: float | None) -> None:
    """A byte; a greater number is something else."""
    assert block(fraction_lost=sent).fraction_lost == share


def test_no_delay_without_sender_report() -> None:
    """LSR 0 means that none came, so DLSR means nothing."""
    assert (block(lsr=0, dlsr=9).lsr, block(lsr=0, dlsr=9).dlsr) == (None, None)
    assert (block(lsr="5", dlsr="9").lsr, block(lsr="5", dlsr="9").dlsr) == (5, 9)


def test_receiver_reports_have_no_sender() -> None:
    """Even where an agent writes old numbers there."""
    payload = b'{"type":201,"ssrc":1,"sender_information":{"packets":5,"octets":6}}'

    assert reports(5, payload) == []


def test_an_empty_sender_information_says_nothing() -> None:
    """Zeros stand there in heplify, under the type of the compound's last packet."""
    payload = b'{"type":202,"ssrc":1,"sender_information":{"packets":0,"octets":0},"sdes_ssrc":1}'

    assert reports(5, payload) == []


def test_a_block_that_is_no_list() -> None:
    """One object in place of a list, and values that are neither."""
    assert len(reports(5, b'{"ssrc":1,"report_blocks":{"source_ssrc":2}}')) == 1
    assert reports(5, b'{"ssrc":1,"report_blocks":7}') == []
    assert reports(5, b'{"ssrc":1,"report_blocks":[7,null,[]]}') == []


def test_a_sender_behind_its_keys_starts_a_packet() -> None:
    """A second packet of rtpengine may be an SR, whose sender comes first."""
    payload = (
        b'{"ssrc":1,"type":201,"report_blocks":[{"source_ssrc":9}],'
        b'"sender_information":{"packets":7},"ssrc":2,"type":200,"report_blocks":[]}'
    )
    first, second = reports(5, payload)

    assert (first.reporter_ssrc, first.ssrc) == (1, 9)
    assert (second.reporter_ssrc, second.packets_sent) == (2, 7)


def test_texts_are_clean() -> None:
    """No NUL and no lone surrogate reaches whoever stores it."""
    (report,) = reports(34, b'{"MOS":4,"REPORT_NAME":"a\\u0000b\\ud800\\n"}')

    assert report.reporter == "a\ufffdb\ufffd"


def test_bad_utf8_is_replaced() -> None:
    """hep-js cuts multibyte letters."""
    (report,) = reports(34, b'{"MOS":4,"REPORT_NAME":"caf\xc3"}')

    assert report.reporter == "caf\ufffd"


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"hello", Reason.BAD_JSON),
        (b"{", Reason.BAD_JSON),
        (b'{"ssrc":' + b"9" * 5000 + b"}", Reason.BAD_JSON),
        (b"[" * 100_000, Reason.TOO_DEEP),
        (b'{"ssrc":' * 20_000, Reason.TOO_DEEP),
        (b"7", Reason.BAD_SHAPE),
        (b"[]", Reason.BAD_SHAPE),
        (b"[[{}]]", Reason.BAD_SHAPE),
        (b"{}", Reason.BAD_SHAPE),
        (b'{"a":1}', Reason.BAD_SHAPE),
        (b"{}" * (MAX_OBJECTS + 1), Reason.TOO_MANY),
        (b"[" + b"{}," * MAX_OBJECTS + b"{}]", Reason.TOO_MANY),
        (b" " * MAX_BYTES + b"{}", Reason.TOO_LARGE),
        (b'{"ssrc":1 x "sdes_information":[]}', Reason.BAD_JSON),
    ],
)
def test_what_is_no_report_is_refused(payload: bytes, reason: Reason) -> None:
    """Bombs of nesting and of digits too."""
    assert refusal(payload) is reason


@pytest.mark.parametrize("protocol_type", [32, 34, 35, 38, 58, 99])
def test_every_kind_of_json_needs_its_keys(protocol_type: int) -> None:
    """An object of another shape is none of it."""
    assert refusal(b'{"a":1}', protocol_type) is Reason.BAD_SHAPE
    assert refusal(b"\xff\xfe", protocol_type) is Reason.BAD_JSON


def test_nothing_at_all_is_no_json() -> None:
    """Payloads of blanks are left out before; whoever asks all the same is told."""
    with pytest.raises(MediaError) as caught:
        objects(b" \0")
    assert caught.value.reason is Reason.EMPTY


def test_pion_packets_under_type_5_and_what_they_lack() -> None:
    """An array tells by its fields; entries that are none are passed over."""
    payload = (
        b'[{"SSRC":1,"Reports":[7,{"SSRC":2}]},{"SenderSSRC":1,"Reports":[{"NTPTimestamp":1}]}]'
    )

    assert [report.ssrc for report in reports(5, payload)] == [2]
    assert reports(58, b'[{"SenderSSRC":1,"Reports":[{"SSRC":2,"LossRate":0}]}]') == []


def test_metrics_of_zeros_are_none() -> None:
    """In the form of heplify 2 as well."""
    assert reports(5, b'{"type":"XR","voip_metrics":{"ssrc":1,"loss_rate":0}}') == []
