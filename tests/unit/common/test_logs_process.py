"""What a process writes to standard error is of one format, whoever says it."""

import json
import subprocess
import sys
from datetime import datetime

import pytest

KEYS = {"time", "level", "service", "logger", "message"}
SAYS = """
import asyncio, logging, threading, warnings
from hepscope_common import logs
logs.configure(style="json", service="ingest")
log = logs.get_logger("ingest.udp")
log.info("agent %s", "a\\nb\\x1b[2J\\x9b\\u2028é\\udc80")
log.debug("below the level")
logging.getLogger("uvicorn.error").warning("a library's %s", "line")
logging.getLogger("aiokafka").info("below the level of libraries")
warnings.warn("a warning", DeprecationWarning)
warnings.warn("shown", UserWarning)

async def lost():
    asyncio.get_running_loop().call_soon(int, "bad")
    await asyncio.sleep(0)
    await asyncio.sleep(0)

asyncio.run(lost())
thread = threading.Thread(target=int, args=["x"])
thread.start()
thread.join()

class Dying:
    def __del__(self):
        raise ValueError("in a destructor")

Dying()
logs.tell_failure("hepscope-ingest", "no such address")
raise RuntimeError("nobody\\ncaught it")
"""


def run(code: str) -> subprocess.CompletedProcess[str]:
    """Run code in a Python of its own."""
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60
    )


@pytest.fixture(scope="module")
def events() -> list[dict[str, str]]:
    """Return what such a process wrote, a line each."""
    done = run(SAYS)
    assert done.returncode == 1
    assert done.stdout == ""
    return [json.loads(line) for line in done.stderr.splitlines()]


def test_each_line_is_an_object_with_the_same_keys(events: list[dict[str, str]]) -> None:
    """A traceback is the only further key; the time is RFC 3339 in UTC with milliseconds."""
    for event in events:
        assert event.keys() - {"traceback"} == KEYS
        assert event["service"] == "ingest"
        assert event["time"].endswith("Z")
        assert len(event["time"]) == len("2026-01-01T00:00:00.000Z")
        datetime.fromisoformat(event["time"])


def test_control_characters_are_spelled_out_in_json_too(events: list[dict[str, str]]) -> None:
    """Whoever takes the message out of the object prints it on a terminal as well."""
    assert events[0]["message"] == "agent a\\x0ab\\x1b[2J\\x9b\u2028é\udc80"
    assert (events[0]["level"], events[0]["logger"]) == ("info", "ingest.udp")


def test_what_others_say_comes_as_json(events: list[dict[str, str]]) -> None:
    """Libraries, warnings, the event loop, threads, destructors, and the end of the process."""
    told = [(event["logger"], event["level"]) for event in events[1:]]
    assert told == [
        ("uvicorn.error", "warning"),
        ("py.warnings", "warning"),
        ("py.warnings", "warning"),
        ("asyncio", "error"),
        ("process", "error"),
        ("process", "error"),
        ("start", "error"),
        ("process", "error"),
    ]
    for event in events[4:7]:
        assert "ValueError" in event["traceback"]
    assert events[-2]["message"] == "no such address"
    assert events[-1]["message"] == "RuntimeError: nobody\\x0acaught it"
    assert events[-1]["traceback"].endswith("caught it")
    assert "\n" in events[-1]["traceback"]


def test_a_service_that_cannot_start_says_so_in_json() -> None:
    """Also when the settings are what is wrong; ``text`` is said by a variable then."""
    code = """
import os, sys
os.environ.update({variables})
from hepscope_common.service import ServiceSettings, run
sys.exit(run("ingest", ServiceSettings, None, []))
"""
    wrong = {"HEPSCOPE_LOG__LEVEL": "loud"}
    done = run(code.format(variables=wrong))
    event = json.loads(done.stderr)
    assert (done.returncode, event["level"], event["service"]) == (1, "error", "ingest")
    assert "setting log.level" in event["message"]

    done = run(code.format(variables=wrong | {"HEPSCOPE_LOG__FORMAT": "text"}))
    assert done.stderr.startswith("hepscope-ingest: setting log.level")


def test_a_format_that_is_none_is_refused_by_name() -> None:
    """With those that there are."""
    code = """
import os, sys
os.environ["HEPSCOPE_LOG__FORMAT"] = "xml"
from hepscope_common.service import ServiceSettings, run
sys.exit(run("ingest", ServiceSettings, None, []))
"""
    done = run(code)
    assert done.returncode == 1
    assert "setting log.format: Input should be 'json' or 'text'" in done.stderr


def test_everything_in_one_process_writes_json_when_asked_to() -> None:
    """Also why it does not start; without the setting that is a line of text."""
    code = """
import os, sys
os.environ.update({variables})
from hepscope_standalone.cli import main
sys.exit(main(["run"]))
"""
    wrong = {"HEPSCOPE_API__LISTEN": "nowhere"}
    done = run(code.format(variables=wrong | {"HEPSCOPE_LOG__FORMAT": "json"}))
    event = json.loads(done.stderr)
    assert (done.returncode, event["service"], event["logger"]) == (1, "hepscope", "start")
    assert "setting api.listen.0" in event["message"]
    assert run(code.format(variables=wrong)).stderr.startswith("hepscope: setting api.listen.0")
