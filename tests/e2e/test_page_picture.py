"""The ladder as a picture: the files are opened and looked into."""

import re
import struct
from pathlib import Path
from urllib.parse import quote
from xml.etree import ElementTree as ET

import pytest
from playwright.sync_api import Page, expect

from support.browser import ZONE, Pages, arrows
from support.builders import BASE_US, make_packet, make_request, make_response
from support.carrier_calls import TIMES, unacknowledged_call
from support.flows import answer_flow, flow_of
from support.service import Service

pytestmark = [pytest.mark.browser, pytest.mark.database]

CALL = "page-picture@example.org"
HOSTILE = """a/../b<svg onload='x'>&"]]>--page-picture"""
PHRASE = '<script>hit()</script>&"]]>\u202egnp'
SVG = "{http://www.w3.org/2000/svg}"
PNG_BEGIN = b"\x89PNG\r\n\x1a\n"


@pytest.fixture(scope="module", autouse=True)
def calls(hepscope: Service) -> None:
    """A call of three hosts, and one whose labels are hostile."""
    reply = make_response(486, PHRASE, call_id=HOSTILE)
    hostile = [
        make_packet(make_request("INVITE", HOSTILE), time_us=BASE_US),
        make_packet(reply, time_us=BASE_US + 9, source="192.0.2.2", destination="192.0.2.1"),
    ]
    hepscope.send_tcp([*unacknowledged_call(CALL), *hostile])
    hepscope.call_with(CALL, 33)
    hepscope.call_with(HOSTILE, 2)


def opened(pages: Pages, call_id: str, scheme: str = "dark") -> Page:
    """Return the ladder of a call."""
    page = pages.open(f"/calls/{quote(call_id, safe='')}", color_scheme=scheme)
    arrows(page)
    return page


def saved(page: Page, kind: str) -> tuple[str, bytes]:
    """Return name and content of a picture."""
    page.get_by_role("button", name="Export").click()
    with page.expect_download() as download:
        page.get_by_role("button", name=f"Export as {kind}").click()
    return download.value.suggested_filename, Path(download.value.path()).read_bytes()


def drawn(content: bytes) -> tuple[ET.Element, list[str]]:
    """Return a drawing and the texts in it."""
    root = ET.fromstring(content)
    return root, [element.text or "" for element in root.iter(f"{SVG}text")]


def test_draws_the_whole_ladder(pages: Pages) -> None:
    """Every row is in it, title, times and zone too; it is light, and needs no style sheet."""
    name, content = saved(opened(pages, CALL), "SVG")
    assert name == "ladder-page-picture_example.org.svg"
    root, texts = drawn(content)
    assert root.tag == f"{SVG}svg"
    assert ", the called party hung up after" in texts[0]
    assert "09:53:20" in texts[1]
    assert ZONE in texts[1]
    assert texts.count("INVITE") == 4
    assert any(f"9 {TIMES} 200 OK and 9 {TIMES} ACK resent" in text for text in texts)
    assert "BYE" in texts
    ground = next(root.iter(f"{SVG}rect"))
    assert ground.get("fill") == "rgb(255, 255, 255)"
    assert not any(
        "class" in element.attrib or "style" in element.attrib for element in root.iter()
    )
    assert all(element.get("font-family") for element in root.iter(f"{SVG}text"))


def test_is_dark_where_that_is_chosen(pages: Pages) -> None:
    """The menu has both themes, whatever the page's own is."""
    page = opened(pages, HOSTILE, scheme="light")
    root, _ = drawn(saved(page, "Dark SVG")[1])
    red, *_ = re.findall(r"\d+", next(root.iter(f"{SVG}rect")).attrib["fill"])
    assert int(red) < 40


def test_paints_the_same_as_a_picture(pages: Pages) -> None:
    """A PNG of twice the size of the drawing, with something on it."""
    page = opened(pages, CALL)
    _, drawing = saved(page, "SVG")
    root, _ = drawn(drawing)
    name, content = saved(page, "PNG")
    assert name == "ladder-page-picture_example.org.png"
    assert content.startswith(PNG_BEGIN)
    width, height = struct.unpack(">II", content[16:24])
    assert (width, height) == (2 * int(root.attrib["width"]), 2 * int(root.attrib["height"]))
    assert len(content) > 10_000
    expect(page.get_by_text("ladder-page-picture_example.org.png saved")).to_be_visible()


def test_draws_hostile_text_as_text(pages: Pages) -> None:
    """The drawing is well-formed, holds no element of theirs, and its file has a plain name."""
    name, content = saved(opened(pages, HOSTILE), "SVG")
    assert name == "ladder-a_.._b_svg_onload_x_--page-picture.svg"
    root, texts = drawn(content)
    assert {element.tag.removeprefix(SVG) for element in root.iter()} <= {
        *("svg", "g", "title", "text", "rect", "path", "circle")
    }
    assert "486 " + PHRASE.replace("\u202e", "\ufffd") in texts
    assert any(HOSTILE in text for text in texts)


def test_says_that_a_picture_would_be_too_long(pages: Pages) -> None:
    """A PNG has an end, told in the menu and to who takes it all the same; the drawing has none."""
    page = pages.blank()
    answer_flow(page, flow_of(2000, CALL))
    page.goto(f"/calls/{quote(CALL, safe='')}")
    arrows(page)
    page.get_by_role("button", name="Export").click()
    png = page.get_by_role("button", name="Export as PNG")
    expect(png).to_contain_text("up to 600 rows, not these 2,000")
    png.click()
    said = page.get_by_text("A PNG holds at most 600 rows, this ladder has 2,000. Take SVG")
    expect(said).to_be_visible()
    _, texts = drawn(saved(page, "SVG")[1])
    assert sum(text in {"INFO", "200 OK", "500 Server Error"} for text in texts) == 2000
