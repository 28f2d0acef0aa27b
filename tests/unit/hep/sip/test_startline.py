"""Start lines, sound and odd."""

import pytest

from hep.sip import Fault
from hep.sip.startline import FirstLine, read_first_line


def request(method: str, uri: str, user: str, host: str, *faults: Fault) -> FirstLine:
    """Return what a request line gives."""
    return method, uri, user, host, 0, "", "SIP/2.0", False, faults


def response(status: int, reason: str, *faults: Fault) -> FirstLine:
    """Return what a status line gives."""
    return "", "", "", "", status, reason, "SIP/2.0", False, faults


LINES = {
    "INVITE sip:a@b SIP/2.0": request("INVITE", "sip:a@b", "a", "b"),
    "INVITE tel:+49 SIP/2.0": request("INVITE", "tel:+49", "+49", ""),
    "invite sip:a@b SIP/2.0": request("invite", "sip:a@b", "a", "b"),
    "RE%47 sip:b SIP/2.0": request("RE%47", "sip:b", "", "b"),
    "INVITE <sip:a@b> SIP/2.0": request("INVITE", "sip:a@b", "a", "b", Fault.REQUEST_URI_BRACKETS),
    "INVITE sip:a@b; lr SIP/2.0": request(
        "INVITE", "sip:a@b; lr", "a", "b", Fault.REQUEST_URI_SPACES
    ),
    "INVITE  sip:a@b  SIP/2.0": request("INVITE", "sip:a@b", "a", "b", Fault.START_LINE_SPACES),
    "INVITE sip:a@b SIP/2.0  ": request("INVITE", "sip:a@b", "a", "b", Fault.START_LINE_SPACES),
    "INVITE sip:a@b?R=x SIP/2.0": request(
        "INVITE", "sip:a@b?R=x", "a", "b", Fault.REQUEST_URI_HEADERS
    ),
    "SIP/2.0 200 OK": response(200, "OK"),
    "SIP/2.0 486 Busy  Here": response(486, "Busy  Here"),
    "SIP/2.0 100 ": response(100, ""),
    "SIP/2.0 100": response(100, ""),
    "SIP/2.0 799 x": response(799, "x", Fault.BAD_STATUS),
    "SIP/2.0 99 x": response(99, "x", Fault.BAD_STATUS),
    "SIP/2.0 4294967301 x": response(999, "x", Fault.BAD_STATUS),
    "SIP/2.0  200  OK": response(200, "OK", Fault.START_LINE_SPACES),
}


@pytest.mark.parametrize("line", LINES)
def test_start_line_gives_its_parts(line: str) -> None:
    """The parts are read, and every departure from the grammar is named."""
    assert read_first_line(line) == LINES[line]


def test_another_version_is_kept_and_told() -> None:
    """A message of a version to come is still read."""
    start = read_first_line("OPTIONS sip:a@b SIP/7.0")

    assert start[:4] == ("OPTIONS", "sip:a@b", "a", "b")
    assert start[6:] == ("SIP/7.0", False, (Fault.BAD_VERSION,))
    assert read_first_line("SIP/3.0 200 OK")[6:] == ("SIP/3.0", False, (Fault.BAD_VERSION,))


def test_a_request_cut_in_its_first_line_keeps_method_and_uri() -> None:
    """Only a known method with a URI behind it is believed without a version."""
    start = read_first_line("INVITE sip:a@b.exam")

    assert start[:4] == ("INVITE", "sip:a@b.exam", "a", "b.exam")
    assert start[8] == (Fault.BAD_START_LINE,)
    assert read_first_line("Hello sip:a@b")[0] == ""


@pytest.mark.parametrize("line", ["", "xyz", "SIP/2.0", "SIP/2.0 OK", "SIP/x 200 OK", "\xff\xfe x"])
def test_what_is_no_start_line_is_told(line: str) -> None:
    """Nothing is guessed from a line that is neither start line nor header."""
    assert read_first_line(line) == ("", "", "", "", 0, "", "", False, (Fault.BAD_START_LINE,))


@pytest.mark.parametrize("line", ["Via: x", "i:x", "X-Own: y", "Call-ID : x SIP/2.0"])
def test_a_header_in_first_place_stays_a_header(line: str) -> None:
    """A message that lost its start line is read from its first header on."""
    assert read_first_line(line)[7:] == (True, (Fault.MISSING_START_LINE,))
