"""One command, and the whole stack runs in containers: calls on the page, all parts counted.

The tests follow each other on one stack: what one sends the next may find.
"""

import json
import re
import stat
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, expect

from support.browser import PATIENCE_MS, rows
from support.compose import Stack, kill, stack
from support.kamailio import call, kamailio, user_agent
from support.service import Json, until
from support.siptools import free_port

pytestmark = [pytest.mark.timeout(1200), pytest.mark.browser]

CALLS = 3
MESSAGES = 13
"""Of a call, on both sides of Kamailio: INVITE, 100, 180, 200, ACK, BYE and 200."""
OURS = {"ingest", "storage-writer", "metrics-exporter", "query-api"}
OTHERS = {"kafka", "postgres", "prometheus", "victoriametrics", "alertmanager"}
OPTIONAL = {"grafana", "loki", "alloy"}
ONCE = {"secrets", "migrate"}
HEP_PORTS = {9060, 9061, 9062}


@pytest.fixture(scope="module")
def started() -> Iterator[Stack]:
    """The stack after ``make up`` in a copy of the repository that was never used."""
    with stack() as made:
        done = made.make("up")
        assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
        assert "everything is healthy" in done.stdout
        made.said = done.stdout
        yield made


def send_calls(to: Stack, folder: Path, prefix: str) -> None:
    """Let sipp call sipp through a Kamailio that sends HEP."""
    with (
        user_agent(folder) as callee,
        kamailio(folder, to.ports["HEP_PORT"], version=3, node_id=2100, agent_port=callee) as proxy,
    ):
        assert call(folder, proxy, caller=free_port(), prefix=prefix, count=CALLS) == 0


def completed_calls(asked: Stack, prefix: str) -> list[Json]:
    """Return the calls whose Call-ID begins so, once they are stored to their last message."""

    def found() -> list[Json] | None:
        # While the database is away the API says so.
        answer = asked.ask("calls", call_id=f"{prefix}-*")
        items: list[Json] = answer.json()["items"] if answer.status_code == 200 else []
        whole = [one for one in items if one["message_count"] >= MESSAGES]
        return items if len(whole) == CALLS else None

    calls = until(found, f"the calls {prefix} to be stored", seconds=180)
    assert {one["state"] for one in calls} == {"completed"}
    return calls


def until_counted(asked: Stack, expression: str, port: str = "PROMETHEUS_PORT") -> None:
    """Wait until the value of an expression is above 0."""

    def counted() -> bool:
        return any(float(one["value"][1]) > 0 for one in asked.query(expression, port))

    try:
        until(counted, f"{expression} to count", seconds=180)
    except pytest.fail.Exception as failure:
        pytest.fail(f"{failure}\n{asked.explain()}")


def test_everything_is_healthy_or_named(started: Stack) -> None:
    """Parts whose image is not to be had are told, all others run and are healthy."""
    found = started.containers()
    left_out = {name for name in OPTIONAL if f"left out: {name}," in started.said}

    assert OURS | OTHERS | (OPTIONAL - left_out) <= found.keys()
    assert not left_out & found.keys()
    for name in found.keys() - ONCE:
        assert found[name]["State"]["Health"]["Status"] == "healthy", name
        assert found[name]["HostConfig"]["RestartPolicy"]["Name"] == "unless-stopped", name
    for name in ONCE:
        assert found[name]["State"]["ExitCode"] == 0, name


def test_what_cannot_be_had_fails_on_request(started: Stack) -> None:
    """STRICT=1 is for who wants all or nothing; here one of the images is nowhere."""
    nowhere = "127.0.0.1:1/nowhere:1"
    done = started.make("up", STRICT="1", COMPOSE_PROFILES="loki", LOKI_IMAGE=nowhere)
    assert done.returncode != 0
    assert f"{nowhere} cannot be had" in done.stderr


def test_calls_of_sip_peers_are_on_the_page(
    started: Stack, tmp_path: Path, browser: Browser
) -> None:
    """From Kamailio by HEP through Kafka and PostgreSQL to the browser."""
    send_calls(started, tmp_path, "first")
    stored = completed_calls(started, "first")

    with browser.new_context() as context:
        page = context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        page.goto(f"{started.url('PAGE_PORT')}/calls?call_id=first-*")
        page.get_by_role("row").nth(CALLS).wait_for()
        call_id = str(stored[0]["call_id"])
        page.goto(f"{started.url('PAGE_PORT')}/calls/{call_id.replace('@', '%40')}")
        page.get_by_text("INVITE").first.wait_for()
        assert call_id in page.content()


def test_a_stopped_writer_is_named_and_live_goes_on_after_it(
    started: Stack, tmp_path: Path, browser: Browser
) -> None:
    """The page says why nothing comes, and then shows all that was sent meanwhile."""
    with browser.new_context(base_url=started.url("PAGE_PORT")) as context:
        page = context.new_page()
        page.goto("/live?call_id=stopped-*")
        expect(page.locator(".live-pill")).to_contain_text("Live")
        started.compose("stop", "storage-writer")
        try:
            send_calls(started, tmp_path, "stopped")
            why = page.get_by_text("No message comes. Broken: bus: no storage-writer is connected")
            expect(why).to_be_visible(timeout=120_000)
            assert started.api("stats/hops")["broken"] == "bus"
            expect(rows(page, "Messages")).to_have_count(0)
        finally:
            started.compose("start", "storage-writer")
        completed_calls(started, "stopped")
        expect(rows(page, "Messages")).to_have_count(CALLS * MESSAGES)
        expect(why).to_have_count(0)
    until(
        lambda: started.api("stats/hops")["broken"] is None,
        "the way to be whole again",
        seconds=120,
    )


def test_prometheus_sees_all_parts_up_and_counting(started: Stack) -> None:
    """Each service is scraped, and the counters of those who work have moved."""
    wanted = {f"hepscope-{name}" for name in OURS}

    def up() -> bool:
        # All in one answer: a busy machine may let any of them miss a scrape.
        series = started.query("up")
        jobs = {one["metric"]["job"] for one in series}
        everyone = wanted | {"prometheus", "victoriametrics", "alertmanager"} <= jobs
        return everyone and {one["value"][1] for one in series} == {"1"}

    until(up, "all targets to be up, and no other ones", seconds=180)
    for counter in (
        "hepscope_ingest_accepted_total",
        "hepscope_writer_rows_total",
        "hepscope_packets_total",
        "heplify_packets_total",
    ):
        until_counted(started, f"sum({counter})")
    rules = started.client.get(f"{started.url('PROMETHEUS_PORT')}/api/v1/rules").json()
    assert {rule["health"] for group in rules["data"]["groups"] for rule in group["rules"]} <= {
        "ok",
        "unknown",
    }


def test_what_prometheus_has_comes_to_victoriametrics(started: Stack) -> None:
    """The long memory has the same series, under the name of the site."""
    until_counted(
        started, 'sum(hepscope_ingest_accepted_total{site="main"})', "VICTORIAMETRICS_PORT"
    )


def test_no_password_can_be_read_but_by_its_owner(started: Stack) -> None:
    """None is in what Docker tells of containers, in what they log, or in the settings."""
    files = [path for path in started.secrets.iterdir() if path.name[0] != "."]
    words = {path.name: path.read_text().strip() for path in files}
    assert {
        "admin_password",
        "postgres_password",
        "hepscope_password",
        "grafana_password",
        "grafana_admin_password",
    } <= words.keys()
    assert len(set(words.values())) == len(words)
    assert stat.S_IMODE(started.secrets.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}

    found = started.containers()
    told = {name: json.dumps(one) + started.logs(name) for name, one in found.items()}
    told["settings"] = started.compose("config")
    for word in words.values():
        assert len(word) >= 20
        assert [name for name, text in told.items() if word in text] == []


def test_only_hep_may_be_published_beyond_this_machine(started: Stack) -> None:
    """As .env stands; Kafka, PostgreSQL and the ops ports are not published at all."""
    config = json.loads(
        re.sub(
            r"^.*?\{", "{", started.compose("config", "--format", "json"), count=1, flags=re.DOTALL
        )
    )
    published = {
        (name, port["target"])
        for name, service in config["services"].items()
        for port in service.get("ports", ())
    }
    menu = (started.directory / ".env").read_text()
    wide = re.findall(r"^(\w+)_ADDRESS=$", menu, re.MULTILINE)

    assert {name for name, _ in published} & {"kafka", "postgres"} == set()
    assert {port for _, port in published} & {5432, 9092, 9100} == set()
    assert set(wide) == {"HEP", "HTTP", "HTTPS"}
    assert {port for name, port in published if name == "ingest"} == HEP_PORTS


def test_containers_are_locked_down(started: Stack) -> None:
    """No root, nothing to write to but volumes, no capability, no way to more."""
    for name, one in started.containers().items():
        host = one["HostConfig"]
        assert host["ReadonlyRootfs"], name
        assert host["CapDrop"] == ["ALL"], name
        assert any("no-new-privileges" in option for option in host["SecurityOpt"]), name
        assert not host["Privileged"], name
        if name in OURS:
            assert one["Config"]["User"] == "10001:10001", name


def test_every_service_logs_json(started: Stack) -> None:
    """One object a line, with the keys that are promised."""
    for name in OURS:
        lines = [line for line in started.logs(name).splitlines() if line]
        assert lines, name
        for line in lines:
            said = json.loads(line)
            assert {"time", "level", "service", "logger", "message"} <= said.keys(), line
            assert said["service"] == name


@pytest.mark.parametrize("victim", ["storage-writer", "ingest", "kafka", "postgres"])
def test_a_killed_container_comes_back_and_calls_are_stored_once(
    started: Stack, tmp_path: Path, victim: str
) -> None:
    """A crash from outside: Docker starts it again, and nothing is lost or doubled."""
    before = started.containers()[victim]
    kill(before["State"]["Pid"])
    until(
        lambda: (
            (now := started.containers()[victim]["State"])["StartedAt"]
            != before["State"]["StartedAt"]
            and now["Health"]["Status"] == "healthy"
        ),
        f"{victim} to come back",
        seconds=300,
    )
    send_calls(started, tmp_path, victim)
    stored = completed_calls(started, victim)
    assert {one["message_count"] for one in stored} == {MESSAGES}


def test_down_keeps_the_data_and_up_goes_on_with_it(started: Stack) -> None:
    """With nginx in front the second time: a password at the door, and the same calls behind."""
    words = {path.name: path.read_text() for path in started.secrets.iterdir() if path.is_file()}
    assert started.make("down").returncode == 0
    assert started.containers() == {}

    done = started.make("up", OVERLAYS="nginx")
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    assert {
        path.name: path.read_text() for path in started.secrets.iterdir() if path.is_file()
    } == words

    page = f"https://127.0.0.1:{started.ports['HTTPS_PORT']}"
    with httpx.Client(trust_env=False, verify=False, timeout=30) as client:
        assert client.get(f"{page}/api/v1/calls").status_code == 401
        assert client.get(f"{page}/", auth=("admin", "admin")).status_code == 401
        admin = ("admin", started.secret("admin_password"))
        answer = client.get(f"{page}/api/v1/calls", params={"call_id": "first-*"}, auth=admin)
        assert answer.status_code == 200, answer.text
        assert len(answer.json()["items"]) == CALLS
        with client.stream("GET", f"{page}/api/v1/live", auth=admin) as events:
            # It never ends, so whoever holds it back is waited for in vain.
            assert "event: hello" in events.iter_lines()
    plain = httpx.get(started.url("HTTP_PORT"), trust_env=False, follow_redirects=False)
    assert plain.status_code in (301, 308)
    assert plain.headers["location"].startswith("https://")
    with pytest.raises(httpx.ConnectError):
        httpx.get(started.url("PAGE_PORT"), trust_env=False)
