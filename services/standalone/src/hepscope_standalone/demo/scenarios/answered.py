"""Calls that are answered, in the ways that a ladder shows differently."""

from hepscope_standalone.demo.dialog import Dialog
from hepscope_standalone.demo.network import (
    CARRIERS,
    DOMAIN,
    PBX,
    PROXY,
    Party,
    direct_number,
    outside_party,
    pick,
)
from hepscope_standalone.demo.scene import INVITE_RESEND_SECONDS, RESEND_SECONDS, Scene
from hepscope_standalone.demo.sip_text import Header
from hepscope_standalone.demo.world import (
    World,
    answer,
    any_way,
    hang_up,
    inward,
    offer,
    outward,
    pick_up,
    ring,
    talk,
)

RINGING = (2.0, 14.0)


def answered(scene: Scene, world: World) -> None:
    """The usual call: rings, is answered, ends."""
    dialog = any_way(scene, world)
    invite = dialog.request("INVITE", body=offer(dialog))
    ring(dialog, invite, RINGING)
    pick_up(dialog, invite)
    talk(dialog)
    scene.plan(dialog.call_id, "answered", "INVITE", 200, "completed")


def lossy(scene: Scene, world: World) -> None:
    """A call over a bad line: the INVITE and the 200 have to be sent again."""
    dialog = inward(scene, world)
    invite = dialog.request("INVITE", body=offer(dialog))
    scene.resend(invite.sent[-1], INVITE_RESEND_SECONDS[:2])
    scene.wait(INVITE_RESEND_SECONDS[1])
    ring(dialog, invite, RINGING)
    ok = dialog.respond(invite, 200, body=answer(dialog))
    scene.resend(ok[0], RESEND_SECONDS[:2])
    scene.wait(RESEND_SECONDS[1] + 0.1)
    dialog.request("ACK")
    talk(dialog)
    scene.plan(dialog.call_id, "lossy", "INVITE", 200, "completed")


def two_nodes(scene: Scene, world: World) -> None:
    """One Call-ID through two servers, each of which sends what it sees."""
    caller = pick(scene.random, world.phones)
    carrier = scene.random.choice(CARRIERS)
    callee = outside_party(scene.random, carrier)
    dialog = Dialog(scene, (caller.host, PBX, PROXY, carrier), caller, callee)
    invite = dialog.request("INVITE", body=offer(dialog))
    ring(dialog, invite, RINGING)
    pick_up(dialog, invite)
    talk(dialog)
    scene.plan(dialog.call_id, "two nodes", "INVITE", 200, "completed")


def back_to_back(scene: Scene, world: World) -> None:
    """A call that the PBX ends and makes anew: two Call-IDs, the second names the first."""
    carrier = scene.random.choice(CARRIERS)
    callee = pick(scene.random, world.phones)
    first = Dialog(
        scene,
        (carrier, PROXY, PBX),
        outside_party(scene.random, carrier),
        Party(direct_number(callee).user, PBX, callee.display),
    )
    second = Dialog(scene, (PBX, callee.host), Party(first.caller.user, PBX), callee)
    link: Header = ("X-CID", first.call_id)
    inviting = first.request("INVITE", body=offer(first))
    invited = second.request("INVITE", body=offer(second), headers=[link])
    second.respond(invited, 180)
    first.respond(inviting, 180)
    scene.pause(*RINGING)
    pick_up(second, invited)
    pick_up(first, inviting)
    talk(second)
    hang_up(first, upward=True)
    scene.plan(first.call_id, "back to back", "INVITE", 200, "completed")
    scene.plan(second.call_id, "back to back, second leg", "INVITE", 200, "completed")


def early_media(scene: Scene, world: World) -> None:
    """The carrier plays its ringing tone: 183 with SDP."""
    dialog = outward(scene, world)
    invite = dialog.request("INVITE", body=offer(dialog))
    scene.pause(0.3, 1.2)
    dialog.respond(invite, 183, body=answer(dialog))
    scene.pause(*RINGING)
    pick_up(dialog, invite)
    talk(dialog)
    scene.plan(dialog.call_id, "early media", "INVITE", 200, "completed")


def held(scene: Scene, world: World) -> None:
    """A call put on hold and taken back, each by a re-INVITE."""
    dialog = any_way(scene, world)
    invite = dialog.request("INVITE", body=offer(dialog))
    ring(dialog, invite, RINGING)
    pick_up(dialog, invite)
    for direction, reply in (("sendonly", "recvonly"), ("sendrecv", "sendrecv")):
        scene.pause(8.0, 40.0)
        again = dialog.request("INVITE", body=offer(dialog, direction=direction))
        dialog.respond(again, 200, body=answer(dialog, direction=reply))
        dialog.request("ACK")
    talk(dialog)
    scene.plan(dialog.call_id, "held", "INVITE", 200, "completed")


def challenged(scene: Scene, world: World) -> None:
    """The proxy asks for the password first: 407, then the call."""
    dialog = outward(scene, world)
    refuse_once(dialog)
    invite = dialog.request("INVITE", body=offer(dialog), headers=[credentials(scene, dialog)])
    ring(dialog, invite, RINGING)
    pick_up(dialog, invite)
    talk(dialog)
    scene.plan(dialog.call_id, "challenged", "INVITE", 200, "completed")


def forked(scene: Scene, world: World) -> None:
    """Two phones ring, one is answered, the other cancelled."""
    carrier = scene.random.choice(CARRIERS)
    desk = pick(scene.random, world.phones)
    other = pick(scene.random, world.phones, desk)
    called = direct_number(desk)
    caller = outside_party(scene.random, carrier)
    first = Dialog(scene, (carrier, PROXY, desk.host), caller, called)
    media = offer(first)
    invited = first.request("INVITE", body=media)
    second = Dialog(
        scene,
        (carrier, PROXY, other.host),
        caller,
        Party(called.user, other.host, called.display),
        fork_of=first,
    )
    also_invited = second.request("INVITE", body=media, start=1)
    first.respond(invited, 180)
    second.respond(also_invited, 180)
    scene.pause(*RINGING)
    second.respond(also_invited, 200, body=answer(second))
    with scene.aside():
        first.cancel(invited, start=1)
    second.request("ACK")
    talk(second)
    scene.plan(first.call_id, "forked", "INVITE", 200, "completed")


def refuse_once(dialog: Dialog) -> None:
    """Send an INVITE without credentials, which the proxy challenges."""
    challenge = ("Proxy-Authenticate", f'Digest realm="{DOMAIN}", nonce="{dialog.scene.token(24)}"')
    invite = dialog.request("INVITE", body=offer(dialog), stop=1)
    dialog.respond(invite, 407, headers=[challenge], at=1)
    dialog.begin_again()


def credentials(scene: Scene, dialog: Dialog) -> Header:
    """The answer to a challenge; the digest is made up."""
    value = (
        f'Digest username="{dialog.caller.user}", realm="{DOMAIN}", nonce="{scene.token(24)}", '
        f'uri="{dialog.callee.uri}", response="{scene.token(32)}", algorithm=MD5'
    )
    return ("Proxy-Authorization", value)
