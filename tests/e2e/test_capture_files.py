"""Capture files sent by ``hepscope capture``, found by the API, exported, read by tshark again."""

import subprocess
import sys
import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from support.corpus_replay import (
    SIP_RECORDINGS,
    Expected,
    SipRecording,
    found,
    sip_recording,
)
from support.service import Service
from support.siptools import complaints, read_sip

pytestmark = [pytest.mark.corpus, pytest.mark.database]

RUN_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class Replay:
    """What was sent how: the recordings under the names they were given for it."""

    scheme: str
    is_now: bool
    node: str
    recordings: dict[str, SipRecording]
    began: datetime
    ended: datetime
    output: str


def capture(*arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run ``hepscope capture``."""
    return subprocess.run(
        [sys.executable, "-m", "hepscope_standalone", "capture", *arguments],
        check=False,
        capture_output=True,
        text=True,
        timeout=RUN_SECONDS,
    )


def renamed_recordings(corpus: Path, folder: Path, mark: str) -> dict[str, SipRecording]:
    """Return every recording under a name of its own, although two hold the same calls."""
    recordings = {}
    for index, name in enumerate(SIP_RECORDINGS):
        original = sip_recording(corpus, name)
        stem = f"{index}{mark}{original.stem}"[: len(original.stem)]
        recordings[name] = original.renamed(stem, folder)
    return recordings


@pytest.fixture(
    scope="module",
    params=[("udp", False), ("tcp", False), ("udp", True), ("tcp", True)],
    ids=["udp", "tcp", "udp-now", "tcp-now"],
)
def replay(
    request: pytest.FixtureRequest,
    hepscope: Service,
    corpus: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Replay:
    """All recordings, sent over one transport, with their own times or the present's."""
    scheme, is_now = request.param
    mark = f"{scheme}{'now' if is_now else 'own'}"
    recordings = renamed_recordings(corpus, tmp_path_factory.mktemp(mark), mark)
    host, port = hepscope.udp if scheme == "udp" else hepscope.tcp
    began = datetime.now(UTC)
    done = capture(
        "--read",
        *(str(recording.path) for recording in recordings.values()),
        "--send",
        f"{scheme}://{host}:{port}",
        "--speed",
        "max",
        "--node",
        mark,
        *(["--now"] if is_now else []),
    )
    assert done.returncode == 0, done.stderr
    return Replay(scheme, is_now, mark, recordings, began, datetime.now(UTC), done.stdout)


def moment(text: str | None) -> datetime:
    """A time of the API."""
    assert text is not None
    return datetime.fromisoformat(text)


def shifted(expected: Expected, by: timedelta) -> Expected:
    """A message that much later."""
    later = moment(expected.time) + by
    return replace(expected, time=later.strftime("%Y-%m-%dT%H:%M:%S.%fZ"))


def shift_of(service: Service, replay: Replay) -> timedelta:
    """How much later than recorded everything must be: what the last message of all tells."""
    recording = replay.recordings[SIP_RECORDINGS[-1]]
    last = max(recording.expected, key=lambda one: moment(one.time))
    assert last.call_id is not None
    service.call_with(last.call_id, len(recording.of_call(last.call_id)))
    newest = moment(service.messages(last.call_id, order="-time")[0]["time"])
    shift = newest - moment(last.time)
    if replay.is_now:
        assert replay.began - timedelta(minutes=1) <= newest <= replay.ended
    else:
        assert shift == timedelta(0)
    return shift


def test_says_how_many_it_sent(replay: Replay) -> None:
    """The summary counts what tshark counts."""
    total = sum(len(recording.expected) for recording in replay.recordings.values())
    assert f"{total} SIP messages to {replay.scheme}://" in replay.output


@pytest.mark.parametrize("name", SIP_RECORDINGS)
def test_finds_every_call(hepscope: Service, replay: Replay, name: str) -> None:
    """Method, final status and number of messages are tshark's; the list of that time has all."""
    recording, shift = replay.recordings[name], shift_of(hepscope, replay)
    for call_id, status in recording.statuses.items():
        call = hepscope.call_with(call_id, len(recording.of_call(call_id)))
        assert (call["method"], call["status"]) == (recording.of_call(call_id)[0].method, status)
    times = [moment(shifted(one, shift).time) for one in recording.expected]
    listed = hepscope.every(
        "calls",
        start=min(times).isoformat(),
        end=(max(times) + timedelta(microseconds=1)).isoformat(),
        call_id=f"{recording.stem}-*",
    )
    assert sorted(call["call_id"] for call in listed) == sorted(recording.statuses)


@pytest.mark.parametrize("name", SIP_RECORDINGS)
def test_keeps_every_message(hepscope: Service, replay: Replay, name: str) -> None:
    """Addresses, ports, times and CSeq of each message are tshark's."""
    recording, shift = replay.recordings[name], shift_of(hepscope, replay)
    for call_id in recording.statuses:
        wanted = [shifted(one, shift) for one in recording.of_call(call_id)]
        hepscope.call_with(call_id, len(wanted))
        messages = hepscope.messages(call_id, include="payload")
        assert {one["node"] for one in messages} == {replay.node}
        got = [
            replace(found(one), payload_sha256="", node="", node_id=0, correlation_id=None)
            for one in messages
        ]
        assert sorted(got, key=repr) == sorted(wanted, key=repr)


@pytest.mark.parametrize("name", SIP_RECORDINGS)
def test_exports_what_was_captured(
    hepscope: Service, replay: Replay, name: str, tmp_path: Path
) -> None:
    """Exports hold what the capture held: messages, addresses, ports and microseconds."""
    recording, shift = replay.recordings[name], shift_of(hepscope, replay)
    path = tmp_path / "export.pcap"
    head, records = b"", b""
    for call_id in recording.statuses:
        hepscope.call_with(call_id, len(recording.of_call(call_id)))
        exported = hepscope.export(call_id, "pcap")
        # Files of one link type differ in their records only, so they can be joined.
        head, records = exported[:24], records + exported[24:]
    path.write_bytes(head + records)
    by_us = shift // timedelta(microseconds=1)
    wanted = [replace(one, time_us=one.time_us + by_us) for one in read_sip(recording.path)]
    assert sorted(read_sip(path), key=repr) == sorted(wanted, key=repr)
    assert complaints(path) == []


@pytest.mark.parametrize("name", ["sip_tcp_basic", "sip_tcp_split"])
def test_calls_over_tcp(hepscope: Service, corpus: Path, tmp_path: Path, name: str) -> None:
    """Every message of every stream is stored, and says that it came over TCP."""
    original = sip_recording(corpus, name)
    recording = original.renamed(("read" + original.stem)[: len(original.stem)], tmp_path)
    host, port = hepscope.tcp
    words = ["--send", f"tcp://{host}:{port}", "--speed", "max", "--now"]
    done = capture("--read", str(recording.path), *words)
    assert done.returncode == 0, done.stderr
    assert f"{len(recording.expected)} SIP messages to" in done.stdout
    for call_id, status in recording.statuses.items():
        call = hepscope.call_with(call_id, len(recording.of_call(call_id)))
        assert call["status"] == status
        found = hepscope.messages(call_id)
        assert {one["transport"] for one in found} == {"tcp"}


def test_keeps_the_pace_of_the_capture(hepscope: Service, corpus: Path, tmp_path: Path) -> None:
    """At twice the speed a capture takes half of its time, at least."""
    original = sip_recording(corpus, "sip_udp_retrans")
    recording = original.renamed(("pace" + original.stem)[: len(original.stem)], tmp_path)
    times = [moment(one.time) for one in recording.expected]
    host, port = hepscope.udp
    began = time.monotonic()
    done = capture("--read", str(recording.path), "--send", f"udp://{host}:{port}", "--speed", "2")
    assert done.returncode == 0
    assert time.monotonic() - began >= (max(times) - min(times)).total_seconds() / 2
    for call_id, status in recording.statuses.items():
        call = hepscope.call_with(call_id, len(recording.of_call(call_id)))
        assert call["status"] == status
