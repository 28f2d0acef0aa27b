"""Calls that are answered, in the ways that a ladder shows differently."""

from hepscope_standalone.demo.calls import RINGING, any_way, inward, outward
from hepscope_standalone.demo.network import ATLANTIC, PACIFICA
from hepscope_standalone.demo.scene import INVITE_RESEND_SECONDS, RESEND_SECONDS, Scene
from hepscope_standalone.demo.world import World


def answered(scene: Scene, world: World) -> None:
    """The usual call: rings, is answered, ends."""
    call = any_way(scene, world)
    call.pick_up(call.ring())
    call.talk()
    call.hang_up()
    call.end("answered", 200, "completed")


def early_media(scene: Scene, world: World) -> None:
    """The carrier plays its ringing tone: 183 with SDP."""
    call = outward(scene, world)
    invited = call.invite()
    scene.pause(0.6, 2.4)
    call.dialog.respond(invited, 183, body=call.media.answer())
    scene.pause(*RINGING)
    call.pick_up(invited)
    call.talk()
    call.hang_up()
    call.end("early media", 200, "completed")


def slow_ringing(scene: Scene, world: World) -> None:
    """A far country: it takes long until it rings."""
    call = outward(scene, world, PACIFICA)
    call.invite()
    scene.pause(3.0, 7.5)
    call.pick_up(call.ring())
    call.talk()
    call.hang_up()
    call.end("slow ringing", 200, "completed")


def reliable(scene: Scene, world: World) -> None:
    """Early media that is confirmed by PRACK, then changed by UPDATE (RFC 3262, RFC 3311)."""
    call = outward(scene, world, ATLANTIC)
    dialog = call.dialog
    invited = call.invite()
    scene.pause(0.4, 1.5)
    number = scene.random.randrange(1, 9_000)
    needed = [("Require", "100rel"), ("RSeq", str(number))]
    dialog.respond(invited, 183, body=call.media.answer(), headers=needed)
    dialog.exchange("PRACK", headers=[("RAck", f"{number} {invited.cseq} INVITE")])
    scene.pause(0.3, 1.0)
    # The gateway's tone server gives way to the callee's phone.
    dialog.exchange(
        "UPDATE",
        body=call.media.offer(upward=True),
        upward=True,
        answer=call.media.answer(upward=True),
    )
    needed = [("Require", "100rel"), ("RSeq", str(number + 1))]
    dialog.respond(invited, 180, headers=needed)
    dialog.exchange("PRACK", headers=[("RAck", f"{number + 1} {invited.cseq} INVITE")])
    scene.pause(*RINGING)
    dialog.respond(invited, 200)
    dialog.request("ACK")
    call.talk()
    call.hang_up()
    call.end("reliable ringing", 200, "completed")


def timed(scene: Scene, world: World) -> None:
    """A session timer: too short at first (422), then refreshed by UPDATE (RFC 4028)."""
    call = inward(scene, world)
    dialog = call.dialog
    short = [("Session-Expires", "90"), ("Min-SE", "90")]
    dialog.respond(call.invite(headers=short), 422, headers=[("Min-SE", "120")])
    dialog.begin_again()
    expires = ("Session-Expires", "120;refresher=uac")
    call.invite(headers=[("Session-Expires", "120"), ("Min-SE", "120")])
    invited = call.ring()
    agreed = [("Require", "timer"), expires]
    dialog.respond(invited, 200, body=call.media.answer(), headers=agreed)
    dialog.request("ACK")
    for _ in range(scene.random.randrange(1, 4)):
        call.talk(60.0)
        dialog.exchange("UPDATE", headers=[expires], answer_headers=agreed)
    call.talk(scene.random.uniform(5.0, 50.0))
    call.hang_up()
    call.end("session timer", 200, "completed")


def large(scene: Scene, world: World) -> None:
    """An INVITE too large for a datagram goes between the servers over TCP (RFC 3261 18.1.1)."""
    call = outward(scene, world, between_servers="TCP")
    location = ";".join([f"cell-{number:04d}-{scene.token()}" for number in range(40)])
    call.invite(headers=[("P-Access-Network-Info", f"3GPP-NR-FDD;utran-cell-id-3gpp={location}")])
    call.pick_up(call.ring())
    call.talk()
    call.hang_up()
    call.end("over TCP", 200, "completed")


def resent(scene: Scene, world: World) -> None:
    """A call over a bad line: the INVITE and the 200 have to be sent again."""
    call = inward(scene, world, callee=world.phone(scene, "UDP"))
    invited = call.invite()
    scene.resend(invited.sent[-1], INVITE_RESEND_SECONDS[:2])
    scene.wait(INVITE_RESEND_SECONDS[1])
    call.ring()
    ok = call.dialog.respond(invited, 200, body=call.media.answer())
    scene.resend(ok[0], RESEND_SECONDS[:2])
    scene.wait(RESEND_SECONDS[1] + 0.1)
    call.dialog.request("ACK")
    call.talk()
    call.hang_up()
    call.end("resent", 200, "completed")
