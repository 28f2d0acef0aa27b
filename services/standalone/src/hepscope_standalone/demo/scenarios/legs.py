"""Calls through FreeSWITCH, which ends each and makes it anew: a Call-ID for each leg.

The second leg names the first in X-CID, as back-to-back user agents can be told to.
"""

from hepscope_standalone.demo.calls import Call
from hepscope_standalone.demo.causes import q850
from hepscope_standalone.demo.dialog import Dialog
from hepscope_standalone.demo.log_lines import log
from hepscope_standalone.demo.network import CORE, FREESWITCH, SBC_FRA
from hepscope_standalone.demo.people import Party, outside_party, pick
from hepscope_standalone.demo.scene import Scene
from hepscope_standalone.demo.transaction import Transaction
from hepscope_standalone.demo.world import World

QUEUE = "4100"
ROOM = "3500"


def back_to_back(scene: Scene, world: World) -> None:
    """A call to a queue, which finds an agent."""
    first, inviting = _queued(scene, world)
    second, invited = _onward(scene, world, first)
    scene.pause(0.3, 1.4)
    second.dialog.respond(invited, 180)
    first.dialog.respond(inviting, 180)
    scene.pause(2.0, 14.0)
    second.pick_up(invited)
    first.pick_up(inviting)
    log(scene, FREESWITCH, second.call_id, "NOTICE", "Channel [sofia/internal] has been answered")
    second.talk()
    second.hang_up(headers=[q850(16)])
    first.hang_up(upward=True, headers=[q850(16)])
    first.end("queue", 200, "completed")
    second.end("queue, second leg", 200, "completed")


def refused(scene: Scene, world: World) -> None:
    """The agent's phone knows nothing of the offer: 488 there, 500 here."""
    first, inviting = _queued(scene, world)
    second, invited = _onward(scene, world, first)
    second.dialog.respond(invited, 488, headers=[q850(88)])
    log(scene, FREESWITCH, first.call_id, "ERR", "Hangup sofia/internal [INCOMPATIBLE_DESTINATION]")
    first.dialog.respond(inviting, 500, headers=[q850(41)])
    first.end("queue refused", 500, "failed")
    second.end("queue refused, second leg", 488, "failed")


def conference(scene: Scene, world: World) -> None:
    """Three people dial into one room, one after the other, and stay until the first leaves."""
    calls = []
    for phone in scene.random.sample(list(world.phones), 3):
        room = Party(ROOM, FREESWITCH, "Conference 3500")
        dialog = Dialog(scene, (phone.host, CORE, FREESWITCH), phone, room)
        call = Call(dialog, relay_at=1, is_seen=True)
        call.pick_up(call.invite())
        log(scene, FREESWITCH, call.call_id, "INFO", f"{phone.user} joined conference {ROOM}")
        scene.pause(2.0, 20.0)
        calls.append(call)
    length = scene.random.uniform(40.0, 240.0)
    for call in calls:
        with scene.aside():
            call.talk(length)
    scene.wait(length)
    for call in calls:
        call.hang_up(upward=False)
        call.end("conference", 200, "completed")
        scene.pause(0.2, 3.0)


def _queued(scene: Scene, world: World) -> tuple[Call, Transaction]:
    carrier = world.carrier(scene)
    caller = outside_party(scene.random, carrier)
    queue = Party(QUEUE, FREESWITCH, "Hotline")
    dialog = Dialog(scene, (carrier.gateway, SBC_FRA, FREESWITCH), caller, queue)
    first = Call(dialog, relay_at=1, is_seen=True)
    return first, first.invite()


def _onward(scene: Scene, world: World, first: Call) -> tuple[Call, Transaction]:
    agent = pick(scene.random, world.phones)
    caller = Party(first.dialog.caller.user, FREESWITCH, "Hotline")
    dialog = Dialog(scene, (FREESWITCH, CORE, agent.host), caller, agent)
    second = Call(dialog, relay_at=1, is_seen=True)
    return second, second.invite(headers=[("X-CID", first.call_id)])
