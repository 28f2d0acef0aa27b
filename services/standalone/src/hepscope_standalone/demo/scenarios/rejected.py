"""Calls that cannot be as they are: refused with 3xx and 4xx, each with its cause."""

from hepscope_standalone.demo.calls import Call, inside, outward
from hepscope_standalone.demo.causes import q850
from hepscope_standalone.demo.dialog import Dialog
from hepscope_standalone.demo.log_lines import log
from hepscope_standalone.demo.network import ATLANTIC, CORE, RHEINFON
from hepscope_standalone.demo.numbers import INCOMPLETE
from hepscope_standalone.demo.people import Party, pick
from hepscope_standalone.demo.scene import Scene
from hepscope_standalone.demo.sip_text import Header
from hepscope_standalone.demo.world import World


def not_found(scene: Scene, world: World) -> None:
    """A number that nobody has, as the far network says: 404."""
    _end(outward(scene, world), "not found", 404, headers=[q850(1)])


def unknown_extension(scene: Scene, world: World) -> None:
    """An extension that the core does not know: 404 at once."""
    caller = pick(scene.random, world.phones)
    nobody = Party(f"4{scene.random.randrange(200, 999)}", CORE)
    call = Call(Dialog(scene, (caller.host, CORE), caller, nobody), relay_at=1, is_seen=True)
    log(scene, CORE, call.call_id, "NOTICE", f"no location for {nobody.uri}")
    _end(call, "unknown extension", 404)


def gone(scene: Scene, world: World) -> None:
    """A number that was given up: 410."""
    _end(outward(scene, world), "number changed", 410, headers=[q850(1)])


def not_allowed(scene: Scene, world: World) -> None:
    """A caller's number that is none of the trunk's: 403."""
    call = outward(scene, world)
    edge = call.dialog.path[2]
    invited = call.invite(stop=2)
    text = f"{call.dialog.caller.user} is not in the range of the trunk"
    log(scene, edge, call.call_id, "WARNING", text)
    reason = "Forbidden, number not in trunk range"
    call.dialog.respond(invited, 403, reason=reason, at=2, headers=[q850(57)])
    call.end("not in trunk range", 403, "failed")


def incomplete(scene: Scene, world: World) -> None:
    """Too few digits: 484."""
    call = outward(scene, world, RHEINFON)
    short = call.dialog.callee
    call.dialog.callee = Party(INCOMPLETE.any(scene.random), short.host, domain=short.domain)
    _end(call, "incomplete number", 484, headers=[q850(28)])


def no_codec(scene: Scene, world: World) -> None:
    """Nothing of the offer suits the callee: 488."""
    warning = ("Warning", '305 atlantic.example "Incompatible media format"')
    _end(outward(scene, world, ATLANTIC), "no common codec", 488, headers=[warning, q850(65)])


def moved(scene: Scene, world: World) -> None:
    """The callee says where else to try: 302, which nobody follows."""
    call = inside(scene, world)
    other = pick(scene.random, world.phones, call.dialog.callee)
    contact = ("Contact", f"<{other.uri}>;q=0.8")
    diversion = ("Diversion", f"<{call.dialog.callee.uri}>;reason=unconditional")
    _end(call, "moved", 302, headers=[contact, diversion])


def _end(call: Call, name: str, status: int, *, headers: list[Header] | None = None) -> None:
    """The whole call: an INVITE and its refusal by the last host."""
    invited = call.invite()
    call.scene.pause(0.05, 0.5)
    call.dialog.respond(invited, status, headers=headers or ())
    call.end(name, status, "failed")
