"""The modules of the search by themselves: what is typed, filters as parameters, rows in sight."""

import json

import pytest

from support.browser import Pages, in_page

pytestmark = [pytest.mark.browser, pytest.mark.database]


def test_the_modules_read_and_count_as_they_say(pages: Pages) -> None:
    """One page for all: each module is a function of its arguments."""
    page = pages.open("/nodes")
    conditions = {
        "status=486": [["status", "486", False]],
        " Status != 4* ": [["status", "4*", True]],
        "user agent is not Asterisk PBX 20": [["user_agent", "Asterisk PBX 20", True]],
        'reason = "Busy Here"': [["reason", "Busy Here", False]],
        "status=!486&from_user=\\!a": [["status", "486", True], ["from_user", "!a", False]],
        "call_id=a&b=c": [["call_id", "a&b=c", False]],
        "4930": None,
        "status =": None,
        "form_user=1": None,
        "": None,
    }
    script = """Object.fromEntries(%s.map((text) => [text, m.readConditions(text)
        ?.map(({ field, value, not }) => [field, value, not]) ?? null]))"""
    read = in_page(page, "calls/typed.js", script % json.dumps(list(conditions)))
    assert read == conditions
    near = in_page(
        page,
        "calls/fields.js",
        """["form_user", "statsu", "nod", "user-agent", "zzz"].map(
        (one) => m.fieldNear(one)?.name ?? "")""",
    )
    assert near == ["from_user", "status", "nodes", "user_agent", ""]
    again = in_page(
        page,
        "calls/filter.js",
        r"""["a", "!a", "\\!a", "!", "*"].map(
        (one) => m.toParameter(m.fromParameter("status", one)))""",
    )
    assert again == ["a", "!a", "\\!a", "!", "*"]
    assert in_page(page, "calls/filter.js", r"m.exactly('!a*\\')") == r"\!a\*\\"
    lines = {
        "486, !503": [["486", False], ["503", True]],
        '!"Busy, here" ,a b,': [["Busy, here", True], ["a b", False]],
        '"say ""hi""", "open': [['say "hi"', False], ['"open', False]],
        "\\!a, *": [["!a", False], ["*", False]],
        " ": [],
    }
    read_form = f"""{json.dumps(list(lines))}.map((text) => m.readForm("to_user", text))
        .map((all) => [all.map(({{ value, not }}) => [value, not]),
            m.readForm("to_user", m.formText(all, "to_user"))
                .map(({{ value, not }}) => [value, not])])"""
    both = in_page(page, "calls/form-text.js", read_form)
    assert both == [[one, one] for one in lines.values()]
    ends = in_page(
        page, "calls/form-text.js", """["", "ab", "a, b", '"a, b', "a,"].map(m.lastPiece)"""
    )
    assert ends == [0, 0, 2, 3, 2]
    spans = in_page(
        page,
        "grid/window.js",
        """[0, 28000, 279500].map(
        (top) => m.spanOf({ top, height: 560, rowHeight: 28, count: 10000 }))
        .map(({ first, end }) => [first, end])""",
    )
    assert spans == [[0, 34], [986, 1034], [9968, 10_000]]
    ticks = in_page(
        page,
        "grid/ticks.js",
        """(() => { const ticks = new m.Ticks(); const all = ["a", "b", "c", "d", "e"];
        ticks.toggle("d"); ticks.extend("b", all); ticks.toggle("c");
        return ticks.keys.sort(); })()""",
    )
    assert ticks == ["b", "d"]
    pasted = {
        "+49 (0)30 23125-017": "493023125017",
        "0049 30 23125": "493023125",
        "4930555 4989555": "4930555 4989555",
        "10.0.0.5": "10.0.0.5",
        "sips:a@[2001:db8::1]:5061;transport=tls": "a@[2001:db8::1]",
        "tel:+4930": "+4930",
        "Call-ID: a-b@c": "a-b@c",
        "https://voip.example/hep/calls/a%2Fb%40c?msg=2#x": "a/b@c",
        "bob": "bob",
    }
    script = f"{json.dumps(list(pasted))}.map(m.plainWords)"
    assert in_page(page, "calls/pasted.js", script) == list(pasted.values())
    named = {
        "i: a-b@c": "a-b@c",
        "http://h/calls/a%2Fb%40c": "a/b@c",
        "http://h/api/v1/calls/a@c/flow?x": "a@c",
        "http://h/calls/100%": "http://h/calls/100%",
        "a=b@c ": "a=b@c",
        "two words": "",
        "+49(30)555-0017": "",
        "10.0.0.0/8": "",
        "sip:bob@c": "",
    }
    script = f"{json.dumps(list(named))}.map(m.callIdOf)"
    assert in_page(page, "calls/pasted.js", script) == list(named.values())
    said = {
        (407, "ringing", "in_progress"): "In progress · Ringing · 10 s",
        (407, "setup", "in_progress"): "In progress · Being set up · 10 s",
        (407, "failed", "rejected"): "Rejected · 407 Because",
        (200, "answered", "in_progress"): "In progress · 200 Because · talking · 5 s",
    }
    script = """%s.map(([status, state, outcome]) => m.statusText(
        { status, state, outcome, reason: "Because",
          started_at: "2026-11-23T09:00:00Z", answered_at: "2026-11-23T09:00:05Z" },
        Date.parse("2026-11-23T09:00:10Z")))"""
    states = script % json.dumps(list(said))
    assert in_page(page, "calls/cells.js", states) == list(said.values())
