"""The pure parts of the ladder, called in Chromium: where labels stand, which columns there are."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from support.browser import pages_of
from support.flows import flow_of
from support.service import Service

pytestmark = [pytest.mark.browser, pytest.mark.database]

PLACE = """async ([label, marks, room]) => {
  const { placeLabel } = await import("/js/ladder/place.js");
  const { x, text, pills } = placeLabel(label, "plain", marks, room, (one) => one.length * 10);
  return [x, text, pills.map((pill) => pill.text)];
}"""
SDP = {"kind": "sdp", "text": "SDP offer PCMA", "short": "SDP"}
AGAIN = {"kind": "resend", "text": "2nd"}

PARTIES = """async ([flow, search]) => {
  const { readAddress } = await import("/js/address.js");
  const { LADDER_PARAMETERS, readChoices } = await import("/js/ladder/choices.js");
  const { partiesOf } = await import("/js/ladder/hosts.js");
  const { entriesOf, rowsOf } = await import("/js/ladder/rows.js");
  const choices = readChoices(readAddress(LADDER_PARAMETERS, search).values);
  const { parties, endsOf } = partiesOf(flow, choices);
  const { rows } = rowsOf(entriesOf(flow.arrows, choices, endsOf), choices, [], 0);
  return [parties.map(({ name }) => name), rows.map(({ kind, number }) => number ?? kind)];
}"""

FAILURES = """async (arrows) => {
  const { metChallenges } = await import("/js/ladder/challenges.js");
  const { isFailure } = await import("/js/ladder/rows.js");
  const met = metChallenges(arrows);
  return arrows.flatMap((arrow, at) => (isFailure({ arrow, isMet: met.has(arrow) }) ? [at] : []));
}"""

VERDICT = """async ([call, flow]) => {
  const { callVerdict } = await import("/js/call/verdict.js");
  return callVerdict(call, flow);
}"""

BANDS = """async ([flow, streams, search]) => {
  const { readAddress } = await import("/js/address.js");
  const { LADDER_PARAMETERS, readChoices } = await import("/js/ladder/choices.js");
  const { partiesOf } = await import("/js/ladder/hosts.js");
  const { bandTexts, bandsOf } = await import("/js/ladder/bands.js");
  const { barsOf } = await import("/js/ladder/rail.js");
  const { entriesOf, rowsOf, wireUs } = await import("/js/ladder/rows.js");
  const choices = readChoices(readAddress(LADDER_PARAMETERS, search).values);
  const all = partiesOf(flow, choices);
  const start = wireUs(flow.arrows[0]);
  const bands = bandsOf(streams, flow.arrows, all);
  const { rows } = rowsOf(entriesOf(flow.arrows, choices, all.endsOf), choices, bands, start);
  return {
    rows: rows.map(({ kind }) => kind),
    clocks: rows.flatMap((row) => (row.isClockTold ? [row.number] : [])),
    bands: bands.map(({ from, to }) => [from, to]), text: bands[0] ? bandTexts(bands[0])[0] : "",
    bars: barsOf(rows, start).map(({ top, foot, lane }) => [top, foot, lane]),
  };
}"""


@pytest.fixture(scope="module")
def page(browser: Browser, hepscope: Service) -> Iterator[Page]:
    """A page of the service, for its modules."""
    with pages_of(browser, hepscope) as found:
        yield found.open("/nodes")


@pytest.mark.parametrize(
    ("room", "expected"),
    [
        ((100, 0, 900), [100, "INVITE", ["2nd", "SDP offer PCMA"]]),
        ((650, 0, 900), [650, "INVITE", ["2nd", "SDP"]]),
        ((850, 0, 900), [748, "INVITE", ["2nd", "SDP"]]),
        ((850, 760, 900), [794, "INVITE", ["2nd"]]),
        ((850, 835, 900), [840, "INVITE", []]),
    ],
    ids=["room", "shrinks", "moves", "drops", "bare"],
)
def test_labels_give_way(page: Page, room: tuple[int, int, int], expected: list[Any]) -> None:
    """SDP shrinks, the label moves left, marks go from the right; the method always stands."""
    left, low, high = room
    where = {"left": left, "low": low, "high": high}
    assert page.evaluate(PLACE, ["INVITE", [AGAIN, SDP], where]) == expected


def test_phrases_are_cut_and_codes_are_not(page: Page) -> None:
    """An ellipsis ends the phrase; where not even that fits, the code is alone."""
    label = "503 Service Unavailable"
    where = {"left": 0, "low": 0, "high": 120}
    assert page.evaluate(PLACE, [label, [AGAIN], where])[1:] == ["503 Service…", []]
    assert page.evaluate(PLACE, [label, [], {**where, "high": 35}])[1] == "503"


def test_columns_are_as_the_reader_wants_them(page: Page) -> None:
    """Hidden hosts take their messages along, split ports make columns, moved ones come first."""
    flow = flow_of(4, "layout@example.org")
    flow["arrows"][2]["from_port"] = 5080
    first, second, third = (host["address"] for host in flow["hosts"])
    for search, columns in {
        "": [second, third, first],
        f"?without={first}": [second, third],
        f"?order={third},{second}": [third, second, first],
        f"?ports={second}": [f"{second}:5060", third, first, f"{second}:5080"],
    }.items():
        names, _ = page.evaluate(PARTIES, [flow, search])
        assert names == columns, search


def test_five_hosts_fit_a_phone(page: Page) -> None:
    """Of six on, the ladder goes sideways."""
    width = "(await import('/js/ladder/columns.js')).columnsOf(count, 390, 'offset', false).width"
    fits = [page.evaluate(f"async (count) => {width}", count) <= 390 for count in (1, 5, 6)]
    assert fits == [True, True, False]


def test_silence_and_resends_make_rows_of_their_own(page: Page) -> None:
    """A gap after more than a second; a fold of at least three that were sent again twice."""
    flow = flow_of(8, "layout@example.org")
    flow["arrows"][1]["time"] = "2026-11-23T08:00:01.900000Z"
    for index, arrow in enumerate(flow["arrows"][2:6]):
        arrow.update(resend=index + 1, time=f"2026-11-23T08:00:02.0{index}0000Z")
    for index, arrow in enumerate(flow["arrows"][6:]):
        arrow["time"] = f"2026-11-23T08:00:02.1{index}0000Z"
    flow["arrows"][0]["time"] = "2026-11-23T08:00:00.000000Z"
    assert page.evaluate(PARTIES, [flow, ""])[1] == [1, "gap", 2, 3, "fold", 7, 8]
    assert page.evaluate(PARTIES, [flow, "?open=4"])[1] == [1, "gap", 2, 3, "fold", 4, 5, 6, 7, 8]
    assert page.evaluate(PARTIES, [flow, "?hide=resend"])[1] == [1, "gap", 2, 7, 8]


def asked(status: int, *, again: dict[str, Any] | None = None) -> list[dict[str, Any]]:
    """An INVITE that gets this reply, and perhaps the one that the same caller sends then."""
    of = {"call_id": "layout@example.org", "from_tag": "f"}
    request = {**of, "kind": "request", "status": None, "cseq": "1 INVITE"}
    reply = {**of, "kind": "failure", "status": status, "cseq": "1 INVITE"}
    return [request, reply, *([] if again is None else [{**request, "cseq": "2 INVITE", **again}])]


@pytest.mark.parametrize(
    ("arrows", "failures"),
    [
        (asked(407, again={}), []),
        (asked(401, again={}), []),
        (asked(407), [1]),
        (asked(503, again={}), [1]),
        (asked(407, again={"cseq": "1 INVITE"}), [1]),
        (asked(407, again={"cseq": "2 BYE"}), [1]),
        (asked(407, again={"from_tag": "other"}), [1]),
        (asked(407, again={"call_id": "other@example.org"}), [1]),
        ([*asked(407, again={}), {**asked(407)[1], "cseq": "2 INVITE"}], [3]),
    ],
    ids=["proxy", "registrar", "silence", "failure", "resend", "method", "tag", "call", "wrong"],
)
def test_a_demand_for_credentials_fails_where_nobody_meets_it(
    page: Page, arrows: list[dict[str, Any]], failures: list[int]
) -> None:
    """It is met by the same request with a greater CSeq; a second demand is one of its own."""
    assert page.evaluate(FAILURES, arrows) == failures


def test_clocks_are_told_where_they_matter(page: Page) -> None:
    """At a node's first message, where the order changed, and always when far off."""
    flow = flow_of(8, "layout@example.org")
    for index, skew in ((0, 2), (2, 2), (4, 2), (5, 30), (7, 30)):
        flow["arrows"][index].update(skew_ms=skew, nodes=[f"n{skew}"])
    # By its own clock the fifth came before the fourth.
    flow["arrows"][4]["time"] = flow["arrows"][3]["time"].replace("000Z", "001Z")
    flow["arrows"][3]["time"] = flow["arrows"][3]["time"].replace("000Z", "900Z")
    assert page.evaluate(BANDS, [flow, [], ""])["clocks"] == [1, 5, 6, 8]


def stream_of(source: str, destination: str, seconds: list[float]) -> dict[str, Any]:
    """Return a stream of media with a report at each of these seconds."""
    figures = {"mean": 0.01, "worst": 0.02}
    point = {"loss": 0.01, "jitter_ms": 2.0, "round_trip_ms": None}
    return {
        "source": {"ip": source, "port": 4001},
        "destination": {"ip": destination, "port": 4000},
        "codec": "PCMA",
        "codec_from": "sdp",
        "summary": {"loss": figures, "mos": {"mean": 4.2, "worst": 4}, "mos_said": {"mean": None}},
        "points": [{**point, "time": f"2026-11-23T08:00:{at:09.6f}Z"} for at in seconds],
    }


def test_media_are_bands_and_bars(page: Page) -> None:
    """A relay stands where its address was first sent from; a bar lasts as long as its reports."""
    flow = flow_of(8, "layout@example.org")
    relay = "203.0.113.40"
    media = {"kind": "audio", "port": 4000, "address": relay, "codecs": [], "direction": None}
    flow["arrows"][2]["sdp"] = {"role": "offer", "media": [media]}
    sender, peer = flow["arrows"][2]["from"], flow["arrows"][2]["to"]
    columns = page.evaluate(PARTIES, [flow, ""])[0]
    streams = [
        stream_of(relay, peer, [0.07, 0.11]),
        stream_of(peer, relay, [0.08, 0.5]),
        stream_of("192.0.2.99", peer, [0.09, 0.1]),
    ]
    made = page.evaluate(BANDS, [flow, streams, ""])
    ends = [columns.index(sender), columns.index(peer)]
    assert made["bands"] == [ends, ends[::-1]]
    assert made["text"].startswith(f"RTP PCMA via {relay} · reported for 0.0 s · loss 1.0 %")
    assert made["rows"].index("band") == 3
    (top, foot, lane), (_, end, other) = made["bars"]
    assert top < foot < end
    assert (lane, other) == (0, 1)
    shown = page.evaluate(BANDS, [flow, streams, "?rtcp=on"])["rows"]
    assert shown.count("report") == 4


ANSWERED = {"state": "completed", "status": 200, "reason": "OK", "method": "INVITE"}
REFUSED = {"state": "failed", "status": 503, "reason": "Broken", "method": "INVITE"}


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (
            {**ANSWERED, "duration_s": 9},
            "Answered by C, the called party hung up after 9.0 s (SIP 408 timer)",
        ),
        ({**ANSWERED, "outcome": "poor", "worst_mos": 2.36}, "; MOS fell to 2.4"),
        (REFUSED, "Not answered: 503 Broken from C after 40 ms (Q.850 34); D never answered"),
        ({"state": "timeout", "status": None}, "No final reply in time: D never answered"),
        ({"state": "ringing", "status": None}, "Ringing at C, not answered yet"),
        (
            {"state": "cancelled", "status": 487},
            "Cancelled by the caller after 90 ms, not answered",
        ),
        (
            {"state": "other", "method": "OPTIONS", "status": None},
            "OPTIONS never answered by D, sent 2 times",
        ),
        ({"state": "other", "method": None}, "Part of a call only: it begins with INVITE"),
    ],
)
def test_the_sentence_says_all_that_is_known(page: Page, call: dict[str, Any], said: str) -> None:
    """A proxy that passes a reply on is not named, the host that gave it is."""
    record = {"call_id": "x", "method": "INVITE", "outcome": "answered", "duration_s": None}
    assert said in page.evaluate(VERDICT, [{**record, **call}, story()])


def story() -> dict[str, Any]:
    """Return what A, the proxy B, C and the silent D said to each other: a bit of everything."""
    lines: list[tuple[int, str, str, str, str, dict[str, Any]]] = [
        (0, "A", "B", "INVITE", "1 INVITE", {}),
        (1, "B", "D", "INVITE", "1 INVITE", {}),
        (2, "B", "C", "INVITE", "1 INVITE", {}),
        (20, "C", "B", "180", "1 INVITE", {}),
        (40, "C", "B", "503", "1 INVITE", {"reason_header": "Q.850 34"}),
        (41, "B", "A", "503", "1 INVITE", {"reason_header": "Q.850 34"}),
        (50, "C", "B", "200", "1 INVITE", {}),
        (51, "B", "A", "200", "1 INVITE", {}),
        (90, "A", "B", "CANCEL", "1 CANCEL", {}),
        (95, "D", "A", "BYE", "9 BYE", {"call_id": "another"}),
        (96, "C", "B", "BYE", "2 BYE", {"reason_header": "SIP 408 timer"}),
        (97, "A", "B", "INVITE", "3 INVITE", {"to_tag": "c"}),
        (98, "A", "D", "OPTIONS", "5 OPTIONS", {}),
        (99, "A", "D", "OPTIONS", "5 OPTIONS", {}),
    ]
    arrows = []
    for at, source, target, label, cseq, more in lines:
        status = int(label) if label.isdigit() else None
        kind = "success" if status else "request"
        tag = "c" if status else None
        arrows.append(
            {
                "call_id": "x",
                "time": f"2026-11-23T08:00:00.{at:03}000Z",
                "skew_ms": 0,
                "reason_header": None,
                "from": source,
                "to": target,
                "label": label,
                "cseq": cseq,
                "kind": kind,
                "status": status,
                "method": None if status else label,
                "from_tag": "a",
                "to_tag": tag,
                **more,
            }
        )
    hosts = [{"id": one, "label": one, "is_named": True, "node": []} for one in "ABCD"]
    return {"arrows": arrows, "hosts": hosts}
