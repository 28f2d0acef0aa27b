"""Calls that nobody takes, which is nobody's fault: busy, no answer, cancelled, declined."""

from hepscope_standalone.demo.calls import any_way, inward, outward
from hepscope_standalone.demo.causes import q850
from hepscope_standalone.demo.scene import Scene
from hepscope_standalone.demo.world import World


def busy(scene: Scene, world: World) -> None:
    """The callee talks already: 486."""
    call = any_way(scene, world)
    invited = call.invite()
    scene.pause(0.2, 2.0)
    call.dialog.respond(invited, 486, headers=[q850(17)])
    call.end("busy", 486, "failed")


def no_answer(scene: Scene, world: World) -> None:
    """It rings until the callee's side gives up: 480."""
    call = any_way(scene, world)
    invited = call.ring((25.0, 60.0))
    call.dialog.respond(invited, 480, headers=[q850(19)])
    call.end("no answer", 480, "failed")


def cancelled(scene: Scene, world: World) -> None:
    """The caller gives up while it rings: CANCEL, 487."""
    call = any_way(scene, world)
    call.dialog.cancel(call.ring((4.0, 25.0)))
    call.end("cancelled", 487, "cancelled")


def tone_then_cancelled(scene: Scene, world: World) -> None:
    """An announcement of the carrier, early media, until the caller has heard enough."""
    call = outward(scene, world)
    invited = call.invite()
    scene.pause(0.8, 2.0)
    reason = q850(18)
    call.dialog.respond(invited, 183, body=call.media.answer(), headers=[reason])
    scene.pause(6.0, 20.0)
    call.dialog.cancel(invited)
    call.end("announcement", 487, "cancelled")


def declined(scene: Scene, world: World) -> None:
    """The callee looks at the number and declines: 603."""
    call = inward(scene, world)
    call.dialog.respond(call.ring((1.5, 6.0)), 603, headers=[q850(21)])
    call.end("declined", 603, "failed")


def busy_everywhere(scene: Scene, world: World) -> None:
    """All lines of the callee are taken: 600."""
    call = outward(scene, world)
    invited = call.invite()
    scene.pause(0.4, 1.5)
    call.dialog.respond(invited, 600, headers=[q850(17)])
    call.end("busy everywhere", 600, "failed")
