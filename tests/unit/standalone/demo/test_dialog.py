"""Dialogs of the demo, hop by hop."""

from random import Random

from hep.sip import SipMessage, parse
from hepscope_standalone.demo.dialog import Dialog
from hepscope_standalone.demo.network import CORE, Host
from hepscope_standalone.demo.people import Party
from hepscope_standalone.demo.scene import Scene

ANNA = Party("1001", Host("10.0.0.1", 5060, "Phone A", delay_ms=1.0), "Anna")
BEN = Party("1002", Host("10.0.0.2", 5060, "Phone B", transport="TCP", delay_ms=1.0), "Ben")


def make_dialog() -> tuple[Scene, Dialog]:
    """Anna calls Ben through the proxy, which captures."""
    scene = Scene(Random(1), 1_000_000)
    return scene, Dialog(scene, (ANNA.host, CORE, BEN.host), ANNA, BEN)


def said(scene: Scene) -> list[tuple[str, str]]:
    """Who said what, in the order of capture."""
    return [
        (capture.source.address, capture.payload.split(b"\r\n", 1)[0].decode())
        for capture in scene.captures
    ]


def parsed(scene: Scene) -> list[SipMessage]:
    """All messages, read back."""
    return [parse(capture.payload) for capture in scene.captures]


def test_invite_goes_hop_by_hop_and_the_proxy_says_trying() -> None:
    """Each hop adds a Via and takes a forward; the record route is the proxy's."""
    scene, dialog = make_dialog()

    dialog.request("INVITE")

    assert [first for _, first in said(scene)] == [
        "INVITE sip:1002@voice.example SIP/2.0",
        "SIP/2.0 100 Trying",
        "INVITE sip:1002@voice.example SIP/2.0",
    ]
    first, _, second = parsed(scene)
    assert (first.via_count, second.via_count) == (1, 2)
    assert (first.via_transport, second.via_transport) == ("udp", "tcp")
    assert (first.get("Max-Forwards"), second.get("Max-Forwards")) == ("70", "69")
    assert (first.get("Record-Route"), second.get("Record-Route")) == (
        None,
        f"<sip:203.0.113.10:5060;transport=tcp;lr;ftag={first.from_tag}>",
    )
    assert [capture.transport for capture in scene.captures] == ["UDP", "UDP", "TCP"]


def test_failure_is_acknowledged_on_each_hop() -> None:
    """The ACK of a failure has the branch of its INVITE and one Via."""
    scene, dialog = make_dialog()
    invite = dialog.request("INVITE")
    del scene.captures[:]

    dialog.respond(invite, 486)

    assert [first.split()[0] for _, first in said(scene)] == ["SIP/2.0", "ACK", "SIP/2.0", "ACK"]
    far, near = (message for message in parsed(scene) if message.method == "ACK")
    assert [far.via_branch, near.via_branch] == invite.branches[::-1]
    assert far.via_count == near.via_count == 1
    assert far.to_tag
    assert far.request_uri == "sip:1002@voice.example"


def test_answered_call_is_acknowledged_end_to_end() -> None:
    """The ACK of a 200 is a request of its own, with new branches and a route."""
    scene, dialog = make_dialog()
    invite = dialog.request("INVITE")
    dialog.respond(invite, 200)
    del scene.captures[:]

    ack = dialog.request("ACK")

    near, far = parsed(scene)
    assert set(ack.branches).isdisjoint(invite.branches)
    assert (near.cseq, near.cseq_method) == (invite.cseq, "ACK")
    assert near.request_uri == "sip:1002@10.0.0.2:5060;transport=tcp"
    assert near.get("Route") == "<sip:203.0.113.10:5060;transport=tcp;lr>"
    assert far.via_count == 2


def test_callee_hangs_up_with_ends_and_numbers_of_its_own() -> None:
    """From and To change places, and the callee counts its requests itself."""
    scene, dialog = make_dialog()
    dialog.respond(dialog.request("INVITE"), 200)
    offer = parsed(scene)[0]
    del scene.captures[:]

    dialog.respond(dialog.request("BYE", upward=True), 200)

    bye = parsed(scene)[0]
    assert said(scene)[0][0] == BEN.host.address
    assert (bye.from_user, bye.to_user) == ("1002", "1001")
    assert bye.to_tag == offer.from_tag
    assert bye.cseq == 1


def test_cancel_repeats_the_invite_and_ends_in_487() -> None:
    """CANCEL has number and branch of the INVITE and no To tag; each hop confirms it."""
    scene, dialog = make_dialog()
    invite = dialog.request("INVITE")
    dialog.respond(invite, 180)
    del scene.captures[:]

    dialog.cancel(invite)

    cancels = [message for message in parsed(scene) if message.method == "CANCEL"]
    assert [cancel.via_branch for cancel in cancels] == invite.branches
    assert {cancel.to_tag for cancel in cancels} == {""}
    statuses = [message.status for message in parsed(scene) if message.status]
    assert statuses == [200, 200, 487, 487]


def test_fork_shares_the_way_to_the_proxy() -> None:
    """The second branch has the caller's Via, Call-ID, number and tag, and a branch of its own."""
    scene, first = make_dialog()
    invite = first.request("INVITE")
    second = Dialog(scene, first.path, ANNA, BEN, fork_of=first)

    also = second.request("INVITE", start=1)

    one, other = parsed(scene)[-2:]
    assert also.branches[0] == invite.branches[0]
    assert also.branches[1] != invite.branches[1]
    assert (one.call_id, one.cseq, one.from_tag) == (other.call_id, other.cseq, other.from_tag)


def test_what_happens_aside_takes_no_time() -> None:
    """The clock moves with each message, but not with those beside the main line."""
    scene, dialog = make_dialog()
    dialog.request("OPTIONS")
    moved = scene.now_us

    with scene.aside():
        dialog.request("OPTIONS")

    assert 1_000_000 < moved == scene.now_us
