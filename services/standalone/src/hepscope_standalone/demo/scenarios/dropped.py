"""Calls that are answered and yet not good: dropped, one-way, full of holes."""

from dataclasses import replace

from hepscope_standalone.demo.calls import any_way, inward, outward
from hepscope_standalone.demo.causes import because, q850
from hepscope_standalone.demo.network import RHEINFON, Host
from hepscope_standalone.demo.quality import DEAD, clean, congested
from hepscope_standalone.demo.scene import RESEND_SECONDS, Scene
from hepscope_standalone.demo.vq_report import publish
from hepscope_standalone.demo.world import World

# The gateway of Rheinfon that writes the address of its own network, which nobody else can reach.
PRIVATE = "10.99.3.8"
MISLED = replace(RHEINFON.gateway, inside=PRIVATE)
NOWHERE = Host(PRIVATE, RHEINFON.gateway.port, "")


def ack_missing(scene: Scene, world: World) -> None:
    """The gateway's Contact is a private address: no ACK arrives, after 32 s it hangs up."""
    call = outward(scene, world, RHEINFON, gateway=MISLED)
    dialog = call.dialog
    answers = dialog.respond(call.ring(), 200, body=call.media.answer())
    ack = dialog.request("ACK", stop=2)
    *way, edge, _ = dialog.path
    branch = f"z9hG4bK{scene.token(12)}"
    astray = replace(ack, path=(*way, edge, NOWHERE), branches=[*ack.branches, branch])
    payload = dialog.request_bytes(astray, 2)
    lost = scene.carry(edge, NOWHERE, "UDP", call.call_id, payload)
    for sent in (*answers, *ack.sent, lost):
        scene.resend(sent, RESEND_SECONDS)
    call.talk(32.0, lines=(clean(scene.random), clean(scene.random)))
    call.hang_up(upward=True, headers=[because(408, "ACK timeout"), q850(102)])
    call.end("ACK missing", 200, "completed")


def holes(scene: Scene, world: World) -> None:
    """Somebody fills the uplink: words are missing for a while."""
    call = any_way(scene, world)
    call.pick_up(call.ring())
    lines = (clean(scene.random), congested(scene.random))
    call.talk(scene.random.uniform(60.0, 300.0), lines=scene.random.choice((lines, lines[::-1])))
    call.hang_up()
    call.end("lossy media", 200, "completed")


def one_way(scene: Scene, world: World) -> None:
    """The caller hears nothing, asks twice and gives up."""
    call = inward(scene, world)
    call.pick_up(call.ring())
    call.talk(scene.random.uniform(9.0, 18.0), lines=(DEAD, clean(scene.random)))
    call.hang_up(upward=False)
    call.end("one-way audio", 200, "completed")


def told_by_phone(scene: Scene, world: World) -> None:
    """A phone that measures by itself and publishes what it heard (RFC 6035)."""
    phones = [phone for phone in world.phones if phone.host.user_agent.startswith("Poly")]
    call = inward(scene, world, callee=scene.random.choice(phones))
    call.pick_up(call.ring())
    began_us = scene.now_us
    is_bad = scene.random.random() < 0.3
    heard = congested(scene.random) if is_bad else clean(scene.random)
    call.talk(lines=(clean(scene.random), heard))
    call.hang_up(upward=False)
    call.end("told by the phone", 200, "completed")
    publish(call, began_us, scene.now_us, is_bad=is_bad)
