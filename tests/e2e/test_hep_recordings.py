"""HEP as real agents sent it, through both ports, found again by the API as tshark reads it."""

from dataclasses import replace
from pathlib import Path

import pytest

from support.corpus_replay import (
    HEP3_RECORDINGS,
    HEP_RECORDINGS,
    Expected,
    Recording,
    found,
    hep_recording,
)
from support.service import ALWAYS, Json, Service, until

pytestmark = [pytest.mark.corpus, pytest.mark.database]

TCP_STEMS = {name: f"{index}tcp" for index, name in enumerate(HEP3_RECORDINGS)}


def sent_by_udp(service: Service, corpus: Path, name: str) -> Recording:
    """Send each record as the datagram that it was."""
    recording = hep_recording(corpus, name)
    assert service.send_udp(recording.packets) == len(recording.packets)
    return recording


def sent_by_tcp(service: Service, corpus: Path, name: str) -> Recording:
    """Send all records over a connection, cut at places that mean nothing."""
    recording = hep_recording(corpus, name)
    other = (TCP_STEMS[name] + recording.stem)[: len(recording.stem)]
    renamed = recording.renamed(other)
    stream = b"".join(renamed.packets)
    service.send_tcp(stream[at : at + 777] for at in range(0, len(stream), 777))
    return renamed


def check_calls(service: Service, recording: Recording) -> None:
    """Every call has its messages, all of them once, and its final status."""
    for call_id, status in recording.statuses.items():
        wanted = recording.of_call(call_id)
        call = service.call_with(call_id, len(wanted))
        assert call["status"] == status
        assert call["method"] == wanted[0].method
        if call["method"] == "INVITE":
            state = {200: "completed", 487: "cancelled"}.get(status, "failed")
            assert call["state"] == state


def ordered(messages: list[Expected]) -> list[Expected]:
    """Messages in an order that ties cannot change."""
    return sorted(messages, key=repr)


def check_messages(service: Service, recording: Recording, original: Recording) -> None:
    """Every field and every byte of each message is as it was sent."""
    for call_id in recording.statuses:
        messages = service.messages(call_id, include="payload")
        got = [found(one, stem=recording.stem, original=original.stem) for one in messages]
        wanted = recording.of_call(call_id)
        if wanted[0].time is None:
            got = [replace(one, time=None) for one in got]
        assert ordered(got) == ordered(wanted)
        assert {one["transport"] for one in messages} == {"udp"}


def check_others(service: Service, recording: Recording, original: Recording) -> None:
    """What is not SIP is stored too, under its correlation id."""
    wanted = [one for one in recording.expected if one.protocol_type != 1]
    for correlation_id in {one.correlation_id for one in wanted}:
        types = ",".join(str(one.protocol_type) for one in wanted)
        mine = [one for one in wanted if one.correlation_id == correlation_id]

        def stored(
            types: str = types, correlation_id: str | None = correlation_id, count: int = len(mine)
        ) -> list[Json] | None:
            # They lie in another topic than calls, and may be stored after them.
            listed = service.every(
                "messages",
                protocol_type=types,
                correlation_id=correlation_id,
                include="payload",
                **ALWAYS,
            )
            return listed if len(listed) >= count else None

        messages = until(stored, f"{len(mine)} others of {correlation_id}")
        got = [found(one, stem=recording.stem, original=original.stem) for one in messages]
        assert ordered(got) == ordered(mine)


@pytest.mark.parametrize("name", HEP_RECORDINGS)
def test_stores_each_datagram_as_it_was_sent(hepscope: Service, corpus: Path, name: str) -> None:
    """Calls, statuses, addresses, times, ids and payloads are those that tshark reads."""
    recording = sent_by_udp(hepscope, corpus, name)
    check_calls(hepscope, recording)
    check_messages(hepscope, recording, recording)
    check_others(hepscope, recording, recording)


@pytest.mark.parametrize("name", HEP3_RECORDINGS)
def test_stores_each_packet_of_a_stream(hepscope: Service, corpus: Path, name: str) -> None:
    """The same over TCP, however the stream is cut into segments."""
    recording = sent_by_tcp(hepscope, corpus, name)
    original = hep_recording(corpus, name)
    check_calls(hepscope, recording)
    check_messages(hepscope, recording, original)
    check_others(hepscope, recording, original)
