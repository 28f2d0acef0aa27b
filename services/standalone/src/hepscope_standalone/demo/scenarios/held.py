"""Calls that are put aside for a while: on hold, and for another that waits."""

from hepscope_standalone.demo.calls import Call, any_way, inward
from hepscope_standalone.demo.scene import Scene
from hepscope_standalone.demo.world import World


def held(scene: Scene, world: World) -> None:
    """A call put on hold and taken back, each by a re-INVITE."""
    call = any_way(scene, world)
    call.pick_up(call.ring())
    call.talk(scene.random.uniform(8.0, 40.0))
    _hold(call, "sendonly", "recvonly")
    scene.pause(8.0, 40.0)
    _hold(call, "sendrecv", "sendrecv")
    call.talk()
    call.hang_up()
    call.end("held", 200, "completed")


def waiting(scene: Scene, world: World) -> None:
    """A second call knocks; the first is held, both ways silent, until the second is over."""
    first = inward(scene, world)
    callee = first.dialog.callee
    first.pick_up(first.ring())
    first.talk(scene.random.uniform(10.0, 40.0))
    second = inward(scene, world, callee=callee)
    invited = second.invite()
    scene.pause(0.1, 0.5)
    second.dialog.respond(
        invited, 180, headers=[("Alert-Info", "<urn:alert:service:call-waiting>")]
    )
    scene.pause(2.0, 6.0)
    _hold(first, "inactive", "inactive", upward=True)
    second.pick_up(invited)
    second.talk(scene.random.uniform(10.0, 60.0))
    second.hang_up()
    second.end("call waiting", 200, "completed")
    _hold(first, "sendrecv", "sendrecv", upward=True)
    first.talk(scene.random.uniform(10.0, 60.0))
    first.hang_up()
    first.end("held for another", 200, "completed")


def _hold(call: Call, offered: str, answered: str, *, upward: bool = False) -> None:
    again = call.dialog.request(
        "INVITE", body=call.media.offer(offered, upward=upward), upward=upward
    )
    call.dialog.respond(again, 200, body=call.media.answer(answered, upward=upward))
    call.dialog.request("ACK", upward=upward)
