"""A store of messages for tests of the API: SIP in, rows as the writer leaves them.

Everything is put in by plain SQL, with facts from the common call logic; times are microseconds
since the epoch and count from ``MIDNIGHT``, twelve hours before ``NOW_US``.
"""

import ipaddress
import json
from dataclasses import dataclass, field
from datetime import datetime

import asyncpg

from hep.sip import SipMessage, parse
from hepscope_common.calls import CallFacts, Envelope, facts_of, stored_call_id
from hepscope_common.calls.registration import RegistrationFacts, registration_of
from hepscope_query_api.timestamps import from_us, parse_time, to_us

SECOND = 1_000_000
HOUR = 3600 * SECOND
DAY = 24 * HOUR
NOW_US = to_us(parse_time("2026-03-11T12:00:00Z"))
MIDNIGHT = NOW_US - DAY // 2

TRANSPORTS = {"udp": (17, 1), "tcp": (6, 2), "tls": (6, 3), "sctp": (132, 4), "ws": (6, 5)}
CLASSES = {"REGISTER": (2, "sip_registration"), "INVITE": (1, "sip_call"), "ACK": (1, "sip_call")}
CLASSES |= {"BYE": (1, "sip_call"), "CANCEL": (1, "sip_call")}

Address = tuple[str, int]
ALICE: Address = ("192.0.2.10", 5060)
PROXY: Address = ("192.0.2.1", 5060)
BOB: Address = ("198.51.100.20", 5062)


def at(micros: int | None) -> datetime | None:
    """Return a moment as asyncpg wants it."""
    return None if micros is None else from_us(micros)


def request(
    method: str,
    call_id: str,
    *,
    from_user: str = "alice",
    to_user: str = "bob",
    to_tag: str = "",
    cseq: int = 1,
    branch: str = "z9hG4bK1",
    body: str = "",
    headers: str = "",
    content_type: str = "application/sdp",
) -> bytes:
    """Return a SIP request."""
    tag = f";tag={to_tag}" if to_tag else ""
    kind = f"Content-Type: {content_type}\r\n" if body else ""
    return (
        f"{method} sip:{to_user}@example.net SIP/2.0\r\n"
        f"Via: SIP/2.0/UDP 192.0.2.10:5060;branch={branch}\r\n"
        f"From: <sip:{from_user}@example.com>;tag=f1\r\nTo: <sip:{to_user}@example.net>{tag}\r\n"
        f"Call-ID: {call_id}\r\nCSeq: {cseq} {method}\r\nUser-Agent: Phone/1.0\r\n"
        f"{headers}{kind}Content-Length: {len(body.encode())}\r\n\r\n{body}"
    ).encode()


def response(
    status: int,
    reason: str,
    method: str,
    call_id: str,
    *,
    from_user: str = "alice",
    to_user: str = "bob",
    cseq: int = 1,
    branch: str = "z9hG4bK1",
    headers: str = "",
) -> bytes:
    """Return a SIP response."""
    return (
        f"SIP/2.0 {status} {reason}\r\n"
        f"Via: SIP/2.0/UDP 192.0.2.10:5060;branch={branch}\r\n"
        f"From: <sip:{from_user}@example.com>;tag=f1\r\nTo: <sip:{to_user}@example.net>;tag=t1\r\n"
        f"Call-ID: {call_id}\r\nCSeq: {cseq} {method}\r\n{headers}Content-Length: 0\r\n\r\n"
    ).encode()


@dataclass
class Stored:
    """Messages put into a database, and the facts that they add up to."""

    connection: asyncpg.Connection
    calls: dict[str, list[CallFacts]] = field(default_factory=dict)
    registrations: dict[tuple[str, int], RegistrationFacts] = field(default_factory=dict)
    sequence: int = 0

    async def put(
        self,
        payload: bytes,
        time_us: int,
        source: Address | None = ALICE,
        destination: Address | None = BOB,
        *,
        transport: str = "udp",
        node: str = "edge-1",
        capture_us: int | None = None,
        stray: bool = False,
        new_record: bool = False,
        correlation_id: str | None = None,
    ) -> None:
        """Store a SIP message."""
        message = parse(payload)
        class_, root = CLASSES.get(message.method or message.cseq_method, (3, "sip_other"))
        table = "sip_stray" if stray else await self._leaf(root, time_us)
        self.sequence += 1
        ip_protocol, code = TRANSPORTS[transport]
        values = {
            **_place(time_us, capture_us, self.sequence, source, destination),
            "class": class_,
            "protocol_type": 1,
            "ip_protocol": ip_protocol,
            "transport": code,
            "hep_version": 3,
            "node_id": 2001,
            "node": node,
            "call_id": stored_call_id(message.call_id),
            "correlation_id": correlation_id,
            **_sip(message),
            "payload": payload,
        }
        await self._insert(table, values)
        envelope = Envelope(
            time_us if capture_us is None else capture_us,
            time_us,
            _packed(source),
            source[1] if source else 0,
            _packed(destination),
            destination[1] if destination else 0,
            transport,
            node,
            len(payload),
        )
        self._note(message, envelope, time_us, new_record=new_record)

    async def put_packet(
        self, payload: bytes, time_us: int, *, protocol_type: int, call_id: str = ""
    ) -> None:
        """Store a packet that is not SIP."""
        class_, root = {5: (1, "packet_media"), 100: (2, "packet_log")}.get(
            protocol_type, (3, "packet_other")
        )
        self.sequence += 1
        values = {
            **_place(time_us, None, self.sequence, ALICE, BOB),
            "class": class_,
            "protocol_type": protocol_type,
            "ip_protocol": 17,
            "hep_version": 3,
            "node_id": 2001,
            "node": "edge-1",
            "call_id": call_id,
            "correlation_id": call_id or None,
            "payload": payload,
        }
        await self._insert(await self._leaf(root, time_us), values)

    async def call(
        self, call_id: str, time_us: int, *, from_user: str = "alice", to_user: str = "bob"
    ) -> None:
        """Store a call that is answered after 2 s, and ends 10 s later."""

        def ask(method: str, to_tag: str = "", branch: str = "z9hG4bK1", body: str = "") -> bytes:
            return request(
                method,
                call_id,
                from_user=from_user,
                to_user=to_user,
                to_tag=to_tag,
                branch=branch,
                body=body,
            )

        def reply(status: int, reason: str) -> bytes:
            return response(status, reason, "INVITE", call_id, from_user=from_user, to_user=to_user)

        await self.put(ask("INVITE", body="v=0\r\n"), time_us)
        await self.put(reply(180, "Ringing"), time_us + 500_000, BOB, ALICE)
        await self.put(reply(200, "OK"), time_us + 2 * SECOND, BOB, ALICE)
        await self.put(ask("ACK", to_tag="t1"), time_us + 2 * SECOND + 20_000)
        bye = ask("BYE", to_tag="t1", branch="z9hG4bK2").replace(b"CSeq: 1", b"CSeq: 2")
        await self.put(bye, time_us + 12 * SECOND)
        done = response(200, "OK", "BYE", call_id, cseq=2, branch="z9hG4bK2")
        await self.put(done, time_us + 12 * SECOND + 30_000, BOB, ALICE)

    async def failed_call(self, call_id: str, time_us: int, status: int, reason: str) -> None:
        """Store a call that is refused after 1 s."""
        await self.put(request("INVITE", call_id), time_us)
        await self.put(response(status, reason, "INVITE", call_id), time_us + SECOND, BOB, ALICE)
        await self.put(request("ACK", call_id, to_tag="t1"), time_us + SECOND + 1000)

    async def commit(self) -> None:
        """Write the facts of everything put in since the last time."""
        for records in self.calls.values():
            for facts in records:
                await self._insert(await self._leaf("call", facts.started_us), _call_row(facts))
                for value in (facts.from_user, facts.to_user, facts.ruri_user):
                    await self._party(value)
        for registration in self.registrations.values():
            leaf = await self._leaf("registration", registration.day_us)
            await self._insert(leaf, _registration_row(registration))
        self.calls.clear()
        self.registrations.clear()
        await self.connection.execute("analyze")

    async def put_facts(self, facts: CallFacts) -> None:
        """Store a call row that no message led to."""
        await self._insert(await self._leaf("call", facts.started_us), _call_row(facts))

    def _note(
        self, message: SipMessage, envelope: Envelope, time_us: int, *, new_record: bool
    ) -> None:
        if not message.call_id:
            return
        facts = facts_of(message, envelope)
        facts.started_us = facts.last_us = time_us
        records = self.calls.setdefault(facts.call_id, [])
        if records and not new_record:
            records[-1].merge(facts)
        else:
            records.append(facts)
        if (message.method or message.cseq_method) == "REGISTER":
            registration = registration_of(message, envelope)
            key = registration.call_id, registration.day_us
            known = self.registrations.get(key)
            self.registrations[key] = known.merge(registration) if known else registration

    async def _party(self, value: str) -> None:
        if value:
            await self.connection.execute(
                "insert into hepscope.party values ($1, '2026-03-10') on conflict do nothing", value
            )

    async def _leaf(self, root: str, time_us: int) -> str:
        leaf: str | None = await self.connection.fetchval(
            "select leaf from hepscope.ensure_partition($1::text::regclass, $2, $2)",
            f"hepscope.{root}",
            at(time_us),
        )
        assert leaf is not None
        return leaf

    async def _insert(self, table: str, values: dict[str, object]) -> None:
        names = ", ".join(values)
        marks = ", ".join(
            f"${n}::text::{CASTS[name]}" if name in CASTS else f"${n}"
            for n, name in enumerate(values, 1)
        )
        await self.connection.execute(
            f'insert into hepscope."{table}" ({names}) values ({marks})', *values.values()
        )


CASTS = {"source": "inet", "destination": "inet", "finals": "jsonb"}


def _place(
    time_us: int,
    capture_us: int | None,
    sequence: int,
    source: Address | None,
    destination: Address | None,
) -> dict[str, object]:
    return {
        "time": at(time_us),
        "received_at": at(time_us + 1500),
        "capture_time": at(capture_us),
        "id": sequence,
        "source": source and source[0],
        "source_port": source[1] if source else 0,
        "destination": destination and destination[0],
        "destination_port": destination[1] if destination else 0,
    }


def _sip(message: SipMessage) -> dict[str, object]:
    texts = (
        *("method", "cseq_method", "reason", "ruri_user", "ruri_domain", "from_user"),
        *("from_domain", "from_tag", "to_user", "to_domain", "to_tag", "user_agent", "via_branch"),
    )
    return {
        "cseq": message.cseq,
        "status": message.status or None,
        "fault": ",".join(message.faults) or None,
        **{name: getattr(message, name) or None for name in texts},
    }


def _call_row(facts: CallFacts) -> dict[str, object]:
    return {
        "key_time": at(facts.started_us),
        "started_at": at(facts.started_us),
        "last_at": at(facts.last_us),
        "invite_at": at(facts.invite_us),
        "ringing_at": at(facts.ringing_us),
        "progress_at": at(facts.progress_us),
        "answered_at": at(facts.answered_us),
        "cancelled_at": at(facts.cancelled_us),
        "bye_at": at(facts.bye_us),
        "origin_key": facts.origin_key,
        "bytes": facts.bytes,
        "message_count": facts.message_count,
        "invite_count": facts.invite_count,
        "flags": facts.flags,
        "methods": facts.methods,
        "finals": json.dumps(facts.finals),
        "call_id": facts.call_id,
        "method": facts.method or None,
        "from_user": facts.from_user or None,
        "from_domain": facts.from_domain or None,
        "to_user": facts.to_user or None,
        "to_domain": facts.to_domain or None,
        "ruri_user": facts.ruri_user or None,
        "ruri_domain": facts.ruri_domain or None,
        "user_agent": facts.user_agent or None,
        **_ends(facts),
        "nodes": list(facts.nodes),
        "worst_mos": facts.worst and facts.worst.mos,
    }


def _registration_row(facts: RegistrationFacts) -> dict[str, object]:
    return {
        "day": at(facts.day_us),
        "started_at": at(facts.started_us),
        "last_at": at(facts.last_us),
        "registered_at": at(facts.registered_us),
        "origin_key": facts.origin_key,
        "message_count": facts.message_count,
        "expires": facts.expires,
        "finals": json.dumps(facts.finals),
        "call_id": facts.call_id,
        "aor_user": facts.aor_user or None,
        "aor_domain": facts.aor_domain or None,
        "contact": facts.contact or None,
        "user_agent": facts.user_agent or None,
        **_ends(facts),
        "nodes": list(facts.nodes),
    }


def _ends(facts: CallFacts | RegistrationFacts) -> dict[str, object]:
    return {
        "source": _text(facts.source),
        "source_port": facts.source_port,
        "destination": _text(facts.destination),
        "destination_port": facts.destination_port,
    }


def _packed(address: Address | None) -> bytes:
    return ipaddress.ip_address(address[0]).packed if address else b""


def _text(packed: bytes) -> str | None:
    return str(ipaddress.ip_address(packed)) if packed else None
