"""Lists read page by page while data arrives, their filters, and what the metrics count."""

import threading
import time
from collections import Counter
from typing import Self

import pytest

from hep import decode
from support.builders import make_call, make_packet, make_request, make_response
from support.service import ALWAYS, Json, Service, until

pytestmark = pytest.mark.database

SECOND_US = 1_000_000
BEGIN_US = 1_700_000_000 * SECOND_US
"""2023-11-14T22:13:20Z: no other test's calls are near."""

PERIOD = {"start": "2023-11-14T00:00:00Z", "end": "2023-11-16T00:00:00Z"}
BEFORE = 300


@pytest.fixture(scope="module")
def listed(hepscope: Service) -> list[str]:
    """Call-IDs of calls a second apart, oldest first."""
    names = [f"paging-{number:04}@example.org" for number in range(BEFORE)]
    for number, name in enumerate(names):
        user = f"4930{number % 10}"
        start_us = BEGIN_US + number * SECOND_US
        hepscope.send_tcp(
            [
                make_packet(make_request("INVITE", name, from_user=user), time_us=start_us),
                make_packet(
                    make_response(
                        486 if number % 3 else 200, "Answer", call_id=name, from_user=user
                    ),
                    time_us=start_us + 5,
                ),
            ]
        )

    def all_stored() -> bool:
        # Bus partitions are stored beside each other: the last calls may be there first.
        found = hepscope.every("calls", call_id="paging-*", **PERIOD)
        return [call["message_count"] for call in found] == [2] * BEFORE

    until(all_stored, "all calls to be stored whole")
    return names


class Arrivals:
    """A client that sends further calls between those that are there, until it is told to end."""

    def __init__(self, service: Service, mark: str) -> None:
        self._service = service
        self._mark = mark
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._send, daemon=True)

    def __enter__(self) -> Self:
        """Begin to send."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Send no more."""
        self._ended.set()
        self._thread.join()

    def _send(self) -> None:
        for number in range(10_000):
            name = f"{self._mark}-{number}@example.org"
            # Before, between and after, also at the very time of another call.
            start_us = BEGIN_US + (number * 37 % (BEFORE + 100) - 50) * SECOND_US
            self._service.send_tcp([make_packet(make_request("INVITE", name), time_us=start_us)])
            if self._ended.wait(0.01):
                return


@pytest.mark.parametrize("order", ["time", "-time"])
@pytest.mark.parametrize("path", ["calls", "messages"])
def test_pages_show_each_once_while_others_arrive(
    hepscope: Service, listed: list[str], path: str, order: str
) -> None:
    """Whatever was there at the first page comes exactly once, in order."""
    with Arrivals(hepscope, f"late{path}{order.strip('-')}{len(order)}"):
        items = hepscope.every(path, limit=7, order=order, **PERIOD)
    counts = Counter(item["call_id"] for item in items)
    per_call = 1 if path == "calls" else 2
    assert {name: counts[name] for name in listed} == dict.fromkeys(listed, per_call)
    keys = [item["id" if path == "messages" else "call_id"] for item in items]
    assert len(set(keys)) == len(keys)
    times = [item["started_at" if path == "calls" else "time"] for item in items]
    assert times == sorted(times, reverse=order == "-time")


FILTERS: list[tuple[dict[str, object], list[int]]] = [
    ({"status": "486"}, [n for n in range(BEFORE) if n % 3]),
    ({"status": "2*"}, [n for n in range(BEFORE) if n % 3 == 0]),
    ({"from_user": "49305"}, [n for n in range(BEFORE) if n % 10 == 5]),
    ({"from_user": "*05", "status": "486"}, [n for n in range(BEFORE) if n % 10 == 5 and n % 3]),
    ({"from_user": ["49303", "*7"]}, [n for n in range(BEFORE) if n % 10 in {3, 7}]),
    ({"from_user": "!*7"}, [n for n in range(BEFORE) if n % 10 != 7]),
    ({"state": "failed"}, [n for n in range(BEFORE) if n % 3]),
    ({"call_id": "paging-0007@example.org"}, [7]),
    ({"source": "192.0.2.0/24", "from_user": "49300"}, list(range(0, BEFORE, 10))),
    ({"source": "192.0.2.9"}, []),
    ({"q": "49304 192.0.2.1"}, list(range(4, BEFORE, 10))),
    ({"start": "2023-11-14T22:13:25Z", "end": "2023-11-14T22:13:28Z"}, [5, 6, 7]),
]


@pytest.mark.parametrize(("filters", "wanted"), FILTERS, ids=[str(one) for one, _ in FILTERS])
def test_filters_choose_calls(
    hepscope: Service, listed: list[str], filters: dict[str, object], wanted: list[int]
) -> None:
    """A list holds just the calls that all filters name."""
    parameters = {**PERIOD, "call_id": "paging-*", "order": "time", **filters}
    found = hepscope.every("calls", **parameters)
    assert [call["call_id"] for call in found] == [listed[number] for number in wanted]


@pytest.mark.parametrize("path", ["calls", "messages", "registrations", "nodes"])
def test_unknown_parameter_is_a_problem(hepscope: Service, path: str) -> None:
    """A misspelt filter is never dropped in silence."""
    response = hepscope.ask(path, no_such_filter="1")
    assert response.status_code == 400
    assert response.headers["content-type"] == "application/problem+json"
    assert "no_such_filter" in response.text


def test_call_id_needs_encoding_only(hepscope: Service) -> None:
    """Call-IDs with every character that a path or query could misread are found."""
    call_id = "odd/%2F?a=b&c#d+é;x\"'<>@[2001:db8::1]"
    hepscope.send_tcp(make_call(call_id, start_us=BEGIN_US))
    assert hepscope.call_with(call_id, 7)["call_id"] == call_id
    assert len(hepscope.messages(call_id)) == 7
    found = hepscope.every("calls", call_id=call_id, **PERIOD)
    assert [call["call_id"] for call in found] == [call_id]


NODE = "counted-node"


def counted_packets() -> list[bytes]:
    """Packets of one node: a call, an OPTIONS, an extension method, reports and log lines."""
    payloads = [decode(packet).payload for packet in make_call("counted@example.org")]
    payloads += [
        make_request("OPTIONS", "counted-2@example.org"),
        make_response(503, "Busy", "OPTIONS", "counted-2@example.org"),
        make_request("FROBNICATE", "counted-3@example.org"),
        make_response(603, "Decline", call_id="counted-4@example.org"),
        b"this is no SIP",
    ]
    now_us = time.time_ns() // 1000
    sip = [make_packet(payload, time_us=now_us, node_name=NODE.encode()) for payload in payloads]
    others = [
        make_packet(
            b"{}",
            time_us=now_us,
            node_name=NODE.encode(),
            protocol_type=kind,
            correlation_id=b"counted@example.org",
        )
        for kind in (5, 5, 100)
    ]
    return sip + others


SIP_SERIES = {
    ("hepscope_sip_requests_total", "INVITE", ""): 1,
    ("hepscope_sip_requests_total", "ACK", ""): 1,
    ("hepscope_sip_requests_total", "BYE", ""): 1,
    ("hepscope_sip_requests_total", "OPTIONS", ""): 1,
    ("hepscope_sip_requests_total", "other", ""): 1,
    ("hepscope_sip_responses_total", "INVITE", "1xx"): 2,
    ("hepscope_sip_responses_total", "INVITE", "2xx"): 1,
    ("hepscope_sip_responses_total", "INVITE", "6xx"): 1,
    ("hepscope_sip_responses_total", "BYE", "2xx"): 1,
    ("hepscope_sip_responses_total", "OPTIONS", "5xx"): 1,
    ("hepscope_sip_malformed_total", "", ""): 1,
}


def sip_counts(service: Service) -> dict[tuple[str, str, str], float]:
    """The SIP counters of this moment."""
    metrics = service.metrics()
    return {
        (name, method, status): metrics.value(
            name, **({"method": method} if method else {}), **({"class": status} if status else {})
        )
        for name, method, status in SIP_SERIES
    }


def all_counted(service: Service) -> bool:
    """Whether nothing lies on the bus that the exporter has not counted."""
    metrics = service.metrics()
    return metrics.value("hepscope_packets_total") == metrics.value(
        "hepscope_ingest_accepted_total"
    )


def test_metrics_count_what_was_sent(hepscope: Service) -> None:
    """Packets by node, type and version, SIP by method and class, are those that were sent."""
    # What other tests sent is stored, but perhaps not counted yet.
    until(lambda: all_counted(hepscope), "the exporter to have counted what came before")
    before = sip_counts(hepscope)
    packets = counted_packets()
    assert hepscope.send_udp(packets) == len(packets)
    until(
        lambda: hepscope.metrics().value("hepscope_packets_total", node=NODE) == len(packets),
        "the exporter to count",
    )
    after = sip_counts(hepscope)
    assert {key: after[key] - before[key] for key in SIP_SERIES} == SIP_SERIES
    by_type = {
        (labels["type"], labels["version"]): value
        for name, labels, value in hepscope.metrics().samples
        if name == "hepscope_packets_total" and labels["node"] == NODE
    }
    assert sorted(by_type.values()) == [1, 2, 12]
    assert {version for _, version in by_type} == {"3"}


def test_nodes_are_listed(hepscope: Service) -> None:
    """A node that sent something is in the list with its packets."""
    name = f"listed-node-{time.time_ns()}"
    packets = [
        make_packet(
            make_request("OPTIONS", f"{name}@example.org", cseq=number),
            time_us=time.time_ns() // 1000,
            node_id=77,
            node_name=name.encode(),
        )
        for number in range(1, 4)
    ]
    hepscope.send_tcp(packets)

    def listed() -> Json | None:
        found = {node["name"]: node for node in hepscope.every("nodes")}.get(name)
        return found if found and found["packet_count"] == len(packets) else None

    node = until(listed, "the node")
    assert (node["node_id"], node["hep_version"]) == (77, 3)


def test_registrations_are_listed(hepscope: Service) -> None:
    """A registration is found by its address of record."""
    call_id = f"register-{time.time_ns()}@example.org"
    now_us = time.time_ns() // 1000
    hepscope.send_tcp(
        [
            make_packet(
                make_request(
                    "REGISTER",
                    call_id,
                    to_user="reg-alice",
                    headers="Contact: <sip:reg-alice@192.0.2.1>\r\nExpires: 3600\r\n",
                ),
                time_us=now_us,
            ),
            make_packet(
                make_response(200, "OK", "REGISTER", call_id, to_user="reg-alice"),
                time_us=now_us + 100,
            ),
        ]
    )

    def listed() -> Json | None:
        items = hepscope.every("registrations", aor_user="reg-alice", **ALWAYS)
        found = [item for item in items if item["call_id"] == call_id]
        return found[0] if found and found[0]["status"] == 200 else None

    registration = until(listed, "the registration")
    assert registration["state"] == "registered"
    assert registration["expires_s"] == 3600
    assert registration["message_count"] == 2
