"""Calls that are more than speech: fax, video, and the emergency call."""

from hepscope_standalone.demo.calls import inside, outward
from hepscope_standalone.demo.log_lines import log
from hepscope_standalone.demo.network import CORE, RHEINFON
from hepscope_standalone.demo.numbers import EMERGENCY
from hepscope_standalone.demo.people import Party
from hepscope_standalone.demo.scene import Scene
from hepscope_standalone.demo.sdp_text import H264, VP8, Stream, fax
from hepscope_standalone.demo.world import World


def faxed(scene: Scene, world: World) -> None:
    """A fax machine: the carrier hears its tone and changes to T.38 by re-INVITE."""
    call = outward(scene, world, RHEINFON)
    call.pick_up(call.ring((1.0, 4.0)))
    call.talk(scene.random.uniform(3.0, 6.0))
    dialog, media = call.dialog, call.media
    pages = [fax(1)]
    again = dialog.request("INVITE", body=media.offer(streams=pages, upward=True), upward=True)
    dialog.respond(again, 200, body=media.answer(streams=pages, upward=True))
    dialog.request("ACK", upward=True)
    scene.pause(30.0, 120.0)
    call.hang_up(upward=False)
    call.end("fax", 200, "completed")


def video(scene: Scene, world: World) -> None:
    """A call with pictures between two phones, one of which can only do one of the formats."""
    call = inside(scene, world)
    audio = Stream("audio", 1, (call.media.codec,))
    offered = [audio, Stream("video", 1, (H264, VP8))]
    invited = call.dialog.request("INVITE", body=call.media.offer(streams=offered))
    call.dialog.respond(invited, 180)
    scene.pause(2.0, 9.0)
    answered = [audio, Stream("video", 1, (H264,))]
    call.dialog.respond(invited, 200, body=call.media.answer(streams=answered))
    call.dialog.request("ACK")
    call.talk()
    call.hang_up()
    call.end("video", 200, "completed")


def emergency(scene: Scene, world: World) -> None:
    """112: with priority, and with the place of the caller (RFC 6442)."""
    call = outward(scene, world, RHEINFON)
    far = call.dialog.callee
    call.dialog.callee = Party(EMERGENCY, far.host, "Notruf", far.domain)
    log(scene, CORE, call.call_id, "NOTICE", f"emergency call of {call.dialog.caller.user}")
    place = f"<cid:{scene.token()}@{call.dialog.caller.domain}>"
    call.invite(headers=[("Priority", "emergency"), ("Geolocation", place)])
    call.pick_up(call.ring((0.8, 3.0)))
    call.talk(scene.random.uniform(70.0, 200.0))
    call.hang_up(upward=True)
    call.end("emergency", 200, "completed")
