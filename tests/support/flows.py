"""Flows of any size as the API answers them, for questions of size alone."""

import json
from typing import Any

from playwright.sync_api import Page

HOSTS = ("198.51.100.1", "198.51.100.2", "198.51.100.3")
ARROW: dict[str, Any] = {
    "leg": "A",
    "from_port": 5060,
    "to_port": 5060,
    "cseq": "1 INFO",
    "transport": "udp",
    "branch": "z9hG4bK-1",
    "from_tag": "1",
    "to_tag": "2",
    "user_agent": None,
    "nodes": ["n"],
    "copies": [],
    "retransmission": False,
    "resend": 0,
    "sdp": None,
    "reason_header": None,
    "skew_ms": 0,
    "early_ms": None,
}
FAILS_EVERY = 50


def flow_of(count: int, call_id: str) -> dict[str, Any]:
    """Return a flow of requests and replies, 20 ms apart, each so many a failure."""
    return {
        "hosts": [
            {"id": ip, "address": ip, "port": 5060, "label": ip, "is_named": False, "node": []}
            for ip in HOSTS
        ],
        "arrows": [_arrow(number, call_id) for number in range(1, count + 1)],
        "legs": [_leg("A", call_id)],
        "skews": [],
        "truncated": False,
    }


def _leg(letter: str, call_id: str) -> dict[str, Any]:
    return {
        "leg": letter,
        "call_id": call_id,
        "started_at": None,
        "from_user": None,
        "to_user": None,
        "outcome": None,
    }


def _arrow(number: int, call_id: str) -> dict[str, Any]:
    is_request = number % 2 == 1
    status = 500 if number % FAILS_EVERY == 0 else 200
    ends = (HOSTS[number % 2], HOSTS[1 + number % 2])
    seconds, milliseconds = divmod(number * 20, 1000)
    return {
        **ARROW,
        "message_id": f"m{number}",
        "call_id": call_id,
        "time": f"2026-11-23T08:{seconds // 60 % 60:02}:{seconds % 60:02}.{milliseconds:03}000Z",
        "from": ends[0] if is_request else ends[1],
        "to": ends[1] if is_request else ends[0],
        "label": "INFO" if is_request else f"{status} {'OK' if status == 200 else 'Server Error'}",
        "kind": "request" if is_request else "success" if status == 200 else "failure",
        "method": "INFO" if is_request else None,
        "status": None if is_request else status,
        "cseq": f"{number} INFO",
    }


def answer_flow(page: Page, flow: dict[str, Any]) -> None:
    """Let a page get this flow instead of the stored one."""
    text = json.dumps(flow)
    page.route(
        "**/api/v1/calls/*/flow*",
        lambda route: route.fulfill(content_type="application/json", body=text),
    )
