"""Traffic with everything in it that makes counting hard."""

from support.builders import BASE_US
from support.sip_calls import BOB, CAROL, PROXY, SECOND_US, Flow, Sent, late

MIDNIGHT_US = BASE_US - BASE_US % 86_400_000_000 + 86_400_000_000


def answered(call_id: str = "answered", start_us: int = BASE_US) -> Flow:
    """A call of a minute; SRD 1.35 s, SDD 100 ms, SDT 60.4 s."""
    flow = Flow(call_id, start_us).request("INVITE", 0).response(100, 0.02, to_tag="")
    return flow.response(180, 1.35).response(200, 5).request("ACK", 5.1).bye(65.4, 65.5)


def refused(call_id: str, status: int, start_us: int = BASE_US) -> Flow:
    """A call that ends with a final after 0.3 s."""
    flow = Flow(call_id, start_us).request("INVITE", 0).response(100, 0.01, to_tag="")
    return flow.response(status, 0.3).request("ACK", 0.31, branch="z9-INVITE-1")


def challenged(call_id: str = "challenged", start_us: int = BASE_US) -> Flow:
    """A call that is answered after a 407."""
    flow = Flow(call_id, start_us).request("INVITE", 0).response(407, 0.1).request("ACK", 0.12)
    flow.request("INVITE", 0.2, cseq=2).response(183, 0.9, cseq=2, sdp=True)
    return flow.response(200, 2, cseq=2).bye(12, 12.04, back=True)


def given_up(call_id: str = "given-up") -> Flow:
    """A client that has no answer to the 401."""
    return Flow(call_id).request("INVITE", 0).response(401, 0.1).request("ACK", 0.11)


def redirected(call_id: str = "redirected") -> Flow:
    """A 302, and the INVITE that follows it to where it was told."""
    flow = Flow(call_id).request("INVITE", 0).response(302, 0.2).request("ACK", 0.21)
    flow.callee = CAROL
    flow.request("INVITE", 0.3, cseq=2).response(180, 1.2, cseq=2)
    return flow.response(200, 3, cseq=2).bye(9, 9.1)


def forked(call_id: str = "forked") -> Flow:
    """Two callees ring, the second one answers."""
    flow = Flow(call_id).request("INVITE", 0).response(180, 1, to_tag="x").response(180, 1.5)
    return flow.response(200, 4).bye(20, 20.2)


def proxied(call_id: str = "proxied") -> Flow:
    """One call on two hops, of which two nodes see the first one and one the second."""
    first = Flow(call_id, nodes=("edge", "core"))
    first.request("INVITE", 0).response(100, 0.01, to_tag="")
    second = Flow(call_id, caller=PROXY, callee=BOB, nodes=("core",))
    second.request("INVITE", 0.02, branch="hop2").response(180, 1.1, branch="hop2")
    second.response(200, 4, branch="hop2")
    first.response(180, 1.12).response(200, 4.02).bye(30, 30.1)
    second.request("BYE", 30.02, cseq=9, branch="hop2-bye")
    second.response(200, 30.08, method="BYE", cseq=9, branch="hop2-bye")
    first.sent += second.sent
    return first


def unanswered_bye(call_id: str = "no-answer-to-bye") -> Flow:
    """A hang-up that is sent again and again, and nobody answers."""
    flow = Flow(call_id).request("INVITE", 0).response(200, 2)
    for at_s in (60, 60.5, 61.5, 63.5, 67.5):
        flow.request("BYE", at_s, cseq=9)
    return flow


def silent(call_id: str = "silent") -> Flow:
    """An INVITE that nobody answers, sent seven times."""
    flow = Flow(call_id)
    for at_s in (0, 0.5, 1.5, 3.5, 7.5, 15.5, 31.5):
        flow.request("INVITE", at_s)
    return flow


def cancelled(call_id: str = "cancelled") -> Flow:
    """A call given up while it rings."""
    flow = Flow(call_id).request("INVITE", 0).response(180, 1)
    flow.request("CANCEL", 8, branch="z9-INVITE-1", to_tag="")
    flow.response(200, 8.01, method="CANCEL", branch="z9-INVITE-1")
    return flow.response(487, 8.1).request("ACK", 8.12, branch="z9-INVITE-1")


def hours(call_id: str = "hours", start_us: int = BASE_US) -> Flow:
    """A call of five hours."""
    return Flow(call_id, start_us).request("INVITE", 0).response(200, 3).bye(18_000, 18_000.2)


def orphan(call_id: str = "orphan") -> Flow:
    """A hang-up of a call whose beginning nobody saw."""
    return Flow(call_id).bye(0, 0.07)


def registered(call_id: str = "registered", *, times: int = 4, every_s: float = 40) -> Flow:
    """A client that registers anew with one Call-ID, challenged each time; RRD 92 ms."""
    flow = Flow(call_id)
    for number in range(times):
        at_s, cseq = number * every_s, 2 * number + 1
        flow.request("REGISTER", at_s, cseq=cseq)
        flow.response(401, at_s + 0.04, method="REGISTER", cseq=cseq)
        flow.request("REGISTER", at_s + 0.045, cseq=cseq + 1)
        flow.response(200, at_s + 0.092, method="REGISTER", cseq=cseq + 1)
    return flow


def refused_registration(call_id: str = "reg-403") -> Flow:
    """A client that may not register."""
    return (
        Flow(call_id).request("REGISTER", 0, cseq=1).response(403, 0.2, method="REGISTER", cseq=1)
    )


def at_midnight() -> list[Sent]:
    """A call and a registration that begin on one day and go on on the next."""
    before = MIDNIGHT_US - SECOND_US
    registration = Flow("reg-midnight", MIDNIGHT_US - 20_000)
    registration.request("REGISTER", 0).response(200, 0.05, method="REGISTER")
    return [*answered("midnight", before).sent, *registration.sent]


def everything() -> list[Sent]:
    """All of it, with times that are all different."""
    flows = [
        answered(),
        *(refused(f"refused-{status}", status) for status in (404, 486, 503, 603, 480)),
        challenged(),
        given_up(),
        redirected(),
        forked(),
        proxied(),
        unanswered_bye(),
        silent(),
        cancelled(),
        hours(),
        orphan(),
        registered(),
        registered("reg-often", times=40, every_s=20),
        refused_registration(),
    ]
    sent = [one for flow in flows for one in flow.sent] + at_midnight()
    return sent + late(answered("late", BASE_US - 3600 * SECOND_US).sent, 4000)
