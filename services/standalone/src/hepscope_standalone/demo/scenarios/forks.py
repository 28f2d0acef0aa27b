"""One call for several phones: all at once, or one after the other."""

from hepscope_standalone.demo.calls import Call, inward
from hepscope_standalone.demo.causes import ELSEWHERE
from hepscope_standalone.demo.dialog import Dialog
from hepscope_standalone.demo.people import Party, pick
from hepscope_standalone.demo.scene import Scene
from hepscope_standalone.demo.world import World


def parallel(scene: Scene, world: World) -> None:
    """Two phones ring, one is answered, the other cancelled."""
    call = inward(scene, world)
    invited = call.invite()
    second = _fork(call, pick(scene.random, world.phones, call.dialog.callee))
    also = second.dialog.request("INVITE", body=call.media.offer(), start=2)
    call.dialog.respond(invited, 180)
    second.dialog.respond(also, 180)
    scene.pause(2.0, 14.0)
    second.dialog.respond(also, 200, body=second.media.answer())
    with scene.aside():
        call.dialog.cancel(invited, start=2, headers=[ELSEWHERE])
    second.dialog.request("ACK")
    second.talk()
    second.hang_up()
    call.end("parallel fork", 200, "completed")


def serial(scene: Scene, world: World) -> None:
    """Nobody at the first phone: after some rings the call goes to a colleague."""
    call = inward(scene, world)
    invited = call.invite()
    scene.pause(0.3, 1.0)
    call.dialog.respond(invited, 180)
    scene.pause(12.0, 20.0)
    call.dialog.cancel(invited, start=2)
    call.dialog.respond(invited, 181, at=2)
    second = _fork(call, pick(scene.random, world.phones, call.dialog.callee))
    also = second.dialog.request("INVITE", body=call.media.offer(), start=2)
    second.dialog.respond(also, 180)
    scene.pause(2.0, 9.0)
    second.pick_up(also)
    second.talk()
    second.hang_up()
    call.end("serial fork", 200, "completed")


def _fork(call: Call, other: Party) -> Call:
    """Return the branch of a call to another phone, made by the core."""
    first = call.dialog
    called = Party(first.callee.user, other.host, first.callee.display)
    path = (*first.path[:-1], other.host)
    dialog = Dialog(call.scene, path, first.caller, called, fork_of=first)
    return Call(dialog, relay_at=1, is_seen=call.media.is_seen)
