"""hepscope behind a real nginx, under a prefix that it leaves or takes away, in Chromium."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest
from playwright.sync_api import Browser, expect

from support.browser import PATIENCE_MS, Pages, arrows, rows
from support.builders import make_call
from support.nginx import free_port, running_nginx
from support.service import KEEP_ALL, Service, running_hepscope

pytestmark = [pytest.mark.browser, pytest.mark.database]

NAME = "voip.example.net"
EXAMPLE = Path(__file__).parents[2] / "deploy/systemd/examples/nginx.conf"
PROXY = "127.0.0.2"
"""nginx speaks from here, so that everybody else on this machine is no trusted proxy."""

CALL = "behind/nginx%2F..@192.0.2.1"
"""A Call-ID that a proxy which decodes paths would destroy."""

HEADERS = f"""
      proxy_bind {PROXY};
      proxy_http_version 1.1;
      proxy_set_header Host $http_host;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
      proxy_set_header X-Forwarded-Proto $scheme;
      proxy_set_header X-Forwarded-Host $http_host;
      proxy_set_header Forwarded "";
"""


def example(upstream: str) -> str:
    """Return the location of the example in the repository, without its login."""
    text = EXAMPLE.read_text(encoding="utf-8")
    location = text[text.index("    location /hepscope {") : text.rindex("}")]
    assert "proxy_pass http://127.0.0.1:9080;" in location
    without_login = re.sub(
        r"^ *auth_basic.*$", f"proxy_bind {PROXY};", location, count=1, flags=re.MULTILINE
    )
    without_login = re.sub(r"^ *auth_basic.*$", "", without_login, flags=re.MULTILINE)
    return without_login.replace("http://127.0.0.1:9080", upstream)


@dataclass(frozen=True)
class Front:
    """A hepscope and the ways to it through nginx."""

    hepscope: Service
    left: str
    """The prefix stays in the path."""
    taken: str
    """The prefix is taken away, as the setting says."""
    told: str
    """Another prefix is taken away, as a header says."""


@pytest.fixture(scope="module")
def front(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    """Nginx with three servers before one hepscope that holds a call."""
    settings = {
        **KEEP_ALL,
        "HEPSCOPE_API__BASE_PATH": "/hepscope",
        "HEPSCOPE_API__TRUSTED_PROXIES": PROXY,
        "HEPSCOPE_API__HOSTS": NAME,
    }
    with running_hepscope(settings=settings) as hepscope:
        hepscope.send_tcp(make_call(CALL))
        hepscope.call_with(CALL, len(list(make_call(CALL))))
        left, taken, told = free_port(), free_port(), free_port()
        upstream = hepscope.api.replace("localhost", "127.0.0.1")
        servers = {
            left: example(upstream),
            taken: f"""
    location /hepscope {{ {HEADERS}
      proxy_set_header X-Forwarded-Prefix "";
      proxy_pass {upstream}$below;
    }}""",
            told: f"""
    location /voip {{ {HEADERS}
      proxy_set_header X-Forwarded-Prefix /voip;
      proxy_pass {upstream}$below;
    }}""",
        }
        with running_nginx(tmp_path_factory.mktemp("nginx"), servers):
            yield Front(
                hepscope,
                f"http://127.0.0.1:{left}/hepscope",
                f"http://127.0.0.1:{taken}/hepscope",
                f"http://127.0.0.1:{told}/voip",
            )


WAYS = ["left", "taken", "told"]


@pytest.mark.parametrize("way", WAYS)
def test_the_page_works_under_a_prefix(front: Front, browser: Browser, way: str) -> None:
    """Search, a call, its ladder, an export, Back, a reload, the documentation."""
    base = getattr(front, way)
    pages = Pages(browser, base)
    page = pages.open(base)
    page.get_by_role("link", name="Nodes").click()
    expect(page).to_have_url(f"{base}/nodes")
    expect(page.get_by_role("link", name="Nodes")).to_have_attribute("aria-current", "page")
    page.goto(f"{base}/overview?from=2026-11-23T08:00:00Z&to=2026-11-23T10:00:00Z")
    expect(page.locator(".tile").first).to_contain_text("1 answered", timeout=3 * PATIENCE_MS)
    page.goto(f"{base}/calls?from=1970-01-01T00:00:00Z")
    rows(page).first.click()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(f"^{re.escape(base)}/calls/{quote(CALL, safe='')}"))
    shown = arrows(page)
    assert shown
    page.reload()
    assert arrows(page) == shown
    with page.expect_download() as download:
        page.get_by_role("button", name="Export").click()
        page.get_by_role("link", name="Export as Text").click()
    assert CALL in download.value.path().read_text()
    page.go_back()
    rows(page).first.wait_for()
    page.goto(f"{base}/docs")
    page.get_by_role("link", name="Page").click()
    expect(page.get_by_role("navigation", name="Screens")).to_be_visible()
    assert page.url.startswith(base)
    pages.close()
    assert pages.complaints == []


@pytest.mark.parametrize("way", WAYS)
def test_the_api_works_under_a_prefix(front: Front, way: str) -> None:
    """Under the name that nginx is known by; problems are told with the prefix."""
    base = getattr(front, way)
    prefix = "/" + base.rpartition("/")[2]
    with httpx.Client(trust_env=False, headers={"Host": NAME}) as client:
        call = client.get(f"{base}/api/v1/calls/{quote(CALL, safe='')}")
        assert (call.status_code, call.json()["call_id"]) == (200, CALL)
        wrong = client.get(f"{base}/api/v1/calls", params={"nope": "1"}).json()
        assert wrong["type"] == f"{prefix}/problems/unknown-parameter"
        assert client.get(f"{base}/openapi.json").json()["servers"] == [{"url": prefix}]
        refused = client.get(f"{base}/healthz", headers={"Host": "evil.example"})
        assert refused.status_code == 421


def test_what_others_say_of_proxies_has_no_effect(front: Front) -> None:
    """A peer that is no proxy neither names another host nor another prefix; it is counted."""
    hepscope = front.hepscope
    name = "hepscope_api_forwarded_ignored_total"
    before = hepscope.metrics().value(name, reason="untrusted_peer")
    lies = {"X-Forwarded-Prefix": "/evil", "X-Forwarded-Host": "evil.example"}
    with httpx.Client(trust_env=False, base_url=hepscope.api) as client:
        page = client.get("/", headers={**lies, "Forwarded": "host=evil.example"})
        assert page.status_code == 200
        assert re.search(r"\"/hepscope/@[0-9a-f]+/js/main\.js\"", page.text)
        assert "evil" not in page.text
        hidden = {"Host": "evil.example", "X-Forwarded-Host": "localhost"}
        assert client.get("/", headers=hidden).status_code == 421
    assert hepscope.metrics().value(name, reason="untrusted_peer") == before + 2


def test_through_the_proxy_a_client_cannot_choose_its_prefix(front: Front) -> None:
    """Nginx writes or removes what it is trusted for, as its configuration has to."""
    lies = {"X-Forwarded-Prefix": "/evil", "X-Forwarded-For": "192.0.2.9", "Forwarded": "for=x"}
    for base in (front.left, front.taken):
        page = httpx.get(f"{base}/", headers=lies, trust_env=False)
        assert re.search(r"\"/hepscope/@[0-9a-f]+/js/main\.js\"", page.text)
        assert "evil" not in page.text
