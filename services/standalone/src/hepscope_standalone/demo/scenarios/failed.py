"""Calls that come to nothing, by the code that ends them."""

from hepscope_standalone.demo.dialog import Dialog, Transaction
from hepscope_standalone.demo.network import (
    BUDGET,
    NORTH,
    PBX,
    PROXY,
    SCANNER,
    SOUTH,
    Party,
    outside_party,
    pick,
)
from hepscope_standalone.demo.scenarios.answered import credentials, refuse_once
from hepscope_standalone.demo.scene import INVITE_RESEND_SECONDS, Scene
from hepscope_standalone.demo.world import World, any_way, inside, inward, offer, outward, ring

# Timer B of RFC 3261: 64 times T1.
NO_REPLY_SECONDS = 32.0

FAILOVER = "failover without success"


def busy(scene: Scene, world: World) -> None:
    """The callee talks already: 486."""
    _end(scene, any_way(scene, world), "busy", 486)


def declined(scene: Scene, world: World) -> None:
    """The callee looks at the number and declines: 603."""
    dialog = inward(scene, world)
    invite = dialog.request("INVITE", body=offer(dialog))
    ring(dialog, invite, (1.5, 6.0))
    dialog.respond(invite, 603)
    scene.plan(dialog.call_id, "declined", "INVITE", 603, "failed")


def no_answer(scene: Scene, world: World) -> None:
    """It rings until the proxy gives up: 480."""
    dialog = inward(scene, world)
    invite = dialog.request("INVITE", body=offer(dialog))
    ring(dialog, invite, (25.0, 60.0))
    dialog.respond(invite, 480)
    scene.plan(dialog.call_id, "no answer", "INVITE", 480, "failed")


def cancelled(scene: Scene, world: World) -> None:
    """The caller gives up while it rings: CANCEL, 487."""
    dialog = any_way(scene, world)
    invite = dialog.request("INVITE", body=offer(dialog))
    ring(dialog, invite, (4.0, 25.0))
    dialog.cancel(invite)
    scene.plan(dialog.call_id, "cancelled", "INVITE", 487, "cancelled")


def not_found(scene: Scene, world: World) -> None:
    """A number that does not exist: the proxy knows nobody of that name."""
    caller = pick(scene.random, world.phones)
    nobody = Party(str(scene.random.randrange(2000, 9000)), PROXY)
    dialog = Dialog(scene, (caller.host, PROXY), caller, nobody)
    _end(scene, dialog, "not found", 404)


def unavailable(scene: Scene, world: World) -> None:
    """The carrier has no circuit: 503 with its own words."""
    reason = "No circuit available"
    _end(scene, outward(scene, world, NORTH), "carrier unavailable", 503, reason=reason)


def no_codec(scene: Scene, world: World) -> None:
    """Nothing of the offer suits the callee: 488."""
    _end(scene, outward(scene, world, SOUTH), "no common codec", 488)


def moved(scene: Scene, world: World) -> None:
    """The callee says where else to try: 302, which nobody follows."""
    dialog = inside(scene, world)
    invite = dialog.request("INVITE", body=offer(dialog))
    scene.pause(0.05, 0.3)
    dialog.respond(invite, 302)
    scene.plan(dialog.call_id, "moved", "INVITE", 302, "failed")


def no_reply(scene: Scene, world: World) -> None:
    """A phone that has left the network: sent again and again, then the proxy's 408."""
    dialog = inside(scene, world)
    _unanswered(scene, dialog, dialog.request("INVITE", body=offer(dialog)), at=1)
    scene.plan(dialog.call_id, "no reply", "INVITE", 408, "timeout")


def failover(scene: Scene, world: World) -> None:
    """The first carrier refuses, the second keeps silent: seen by both servers, ends in 408."""
    caller = pick(scene.random, world.phones)
    callee = outside_party(scene.random, NORTH)
    first = Dialog(scene, (caller.host, PBX, PROXY, NORTH), caller, callee)
    media = offer(first)
    refused = first.request("INVITE", body=media)
    scene.pause(0.1, 0.4)
    first.respond(refused, 503, reason="No circuit available", until=2)
    second = Dialog(scene, (caller.host, PBX, PROXY, BUDGET), caller, callee, fork_of=first)
    _unanswered(scene, second, second.request("INVITE", body=media, start=2), at=2)
    scene.plan(first.call_id, FAILOVER, "INVITE", 408, "timeout")


def wrong_password(scene: Scene, world: World) -> None:
    """Credentials that the proxy does not accept: 407, then 403."""
    dialog = outward(scene, world)
    refuse_once(dialog)
    headers = [credentials(scene, dialog)]
    invite = dialog.request("INVITE", body=offer(dialog), headers=headers, stop=1)
    dialog.respond(invite, 403, at=1)
    scene.plan(dialog.call_id, "wrong password", "INVITE", 403, "failed")


def scanned(scene: Scene, world: World) -> None:  # noqa: ARG001 (a Scenario takes both)
    """A stranger tries to dial out through us: 403 at once."""
    number = f"900{scene.random.randrange(10**9):09d}"
    dialog = Dialog(scene, (SCANNER, PROXY), Party("100", SCANNER), Party(number, PROXY))
    _end(scene, dialog, "scanned", 403)


def _end(
    scene: Scene, dialog: Dialog, name: str, status: int, *, reason: str | None = None
) -> None:
    """The whole call: an INVITE and its refusal by the last host."""
    invite = dialog.request("INVITE", body=offer(dialog))
    scene.pause(0.02, 0.5)
    dialog.respond(invite, status, reason=reason)
    scene.plan(dialog.call_id, name, "INVITE", status, "failed")


def _unanswered(scene: Scene, dialog: Dialog, invite: Transaction, *, at: int) -> None:
    """Nothing comes back to the host ``at``, which gives up and answers itself."""
    last = invite.sent[-1]
    # Over TCP and TLS nothing is sent again.
    if last.transport == "UDP":
        scene.resend(last, INVITE_RESEND_SECONDS)
    scene.wait(NO_REPLY_SECONDS)
    dialog.respond(invite, 408, at=at)
