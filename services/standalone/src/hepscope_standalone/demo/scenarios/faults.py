"""Calls that servers and carriers fail: 5xx, and those that nobody answers."""

from hepscope_standalone.demo.calls import Call, inside, outward
from hepscope_standalone.demo.causes import q850
from hepscope_standalone.demo.dialog import Dialog
from hepscope_standalone.demo.log_lines import log
from hepscope_standalone.demo.network import ATLANTIC, BUDGET, CORE, PACIFICA, RHEINFON
from hepscope_standalone.demo.people import pick
from hepscope_standalone.demo.scene import INVITE_RESEND_SECONDS, Scene
from hepscope_standalone.demo.transaction import Transaction
from hepscope_standalone.demo.world import World

# Timer B of RFC 3261: 64 times T1.
NO_REPLY_SECONDS = 32.0

FAILOVER = "failover without success"
NO_CIRCUIT = "No circuit available"
REDIAL_SHARE = 0.5


def no_circuit(scene: Scene, world: World) -> None:
    """The carrier has no circuit: 503 with its own words, and many dial again at once."""
    caller, callee = None, None
    while caller is None or scene.random.random() < REDIAL_SHARE:
        if caller is not None:
            scene.pause(6.0, 30.0)
        call = outward(scene, world, RHEINFON, caller=caller)
        call.dialog.callee = callee or call.dialog.callee
        caller, callee = call.dialog.caller, call.dialog.callee
        _refuse(scene, call, "no circuit", status=503, cause=34)
        edge = call.dialog.path[2]
        log(scene, edge, call.call_id, "ERROR", "Rheinfon gw1 answered 503, no further route")


def bad_gateway(scene: Scene, world: World) -> None:
    """The gateway's own network is out of order: 502."""
    _refuse(scene, outward(scene, world, PACIFICA), "network out of order", status=502, cause=38)


def too_slow(scene: Scene, world: World) -> None:
    """A database behind the carrier takes too long: 504."""
    _refuse(
        scene,
        outward(scene, world, ATLANTIC),
        "carrier too slow",
        status=504,
        cause=41,
        seconds=(4.0, 9.0),
    )


def server_error(scene: Scene, world: World) -> None:
    """A mistake in the core's own routing: 500."""
    call = outward(scene, world)
    invited = call.invite(stop=1)
    log(scene, CORE, call.call_id, "ERROR", "sql_query(): connection to the routing table lost")
    call.dialog.respond(invited, 500, at=1, headers=[q850(41)])
    call.end("server error", 500, "failed")


def no_reply(scene: Scene, world: World) -> None:
    """A phone that has left the network: sent again and again, then the proxy's 408."""
    caller = pick(scene.random, world.phones)
    callee = world.phone(scene, "UDP")
    while callee == caller:
        callee = world.phone(scene, "UDP")
    dialog = Dialog(scene, (caller.host, CORE, callee.host), caller, callee)
    call = Call(dialog, relay_at=1, is_seen=True)
    _unanswered(scene, dialog, call.invite(), at=1)
    call.end("no reply", 408, "timeout")


def unreachable(scene: Scene, world: World) -> None:
    """A phone whose connection is gone: 408 after a while, without a second try."""
    call = inside(scene, world)
    invited = call.invite(stop=1)
    scene.wait(NO_REPLY_SECONDS)
    call.dialog.respond(invited, 408, at=1, headers=[q850(18)])
    call.end("unreachable", 408, "timeout")


def failover(scene: Scene, world: World) -> None:
    """The first carrier refuses, the second keeps silent: the edge tries both, ends in 408."""
    call = outward(scene, world, RHEINFON)
    first = call.dialog
    edge = first.path[2]
    refused = call.invite()
    scene.pause(0.1, 0.4)
    first.respond(refused, 503, reason=NO_CIRCUIT, until=2, headers=[q850(34)])
    log(scene, edge, call.call_id, "WARNING", "Rheinfon gw1 answered 503, next gateway BudgetCall")
    path = (*first.path[:-1], BUDGET.gateway)
    second = Dialog(scene, path, first.caller, first.callee, fork_of=first)
    second.relay_at = first.relay_at
    invited = second.request("INVITE", body=call.media.offer(), start=2)
    _unanswered(scene, second, invited, at=2)
    log(scene, edge, call.call_id, "ERROR", "BudgetCall did not answer, no further route")
    call.end(FAILOVER, 408, "timeout")


def _refuse(
    scene: Scene,
    call: Call,
    name: str,
    *,
    status: int,
    cause: int,
    seconds: tuple[float, float] = (0.1, 0.6),
) -> None:
    """The whole call: an INVITE and its refusal by the carrier."""
    invited = call.invite()
    scene.pause(*seconds)
    reason = NO_CIRCUIT if status == 503 else None
    call.dialog.respond(invited, status, reason=reason, headers=[q850(cause)])
    call.end(name, status, "failed")


def _unanswered(scene: Scene, dialog: Dialog, invite: Transaction, *, at: int) -> None:
    """Nothing comes back to the host ``at``, which gives up and answers itself."""
    scene.resend(invite.sent[-1], INVITE_RESEND_SECONDS)
    scene.wait(NO_REPLY_SECONDS)
    dialog.respond(invite, 408, at=at)
