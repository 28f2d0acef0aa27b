"""Calls handed on by REFER (RFC 3515, RFC 5589): without a word, and after a talk."""

from urllib.parse import quote

from hepscope_standalone.demo.calls import Call, between, inward
from hepscope_standalone.demo.dialog import Dialog
from hepscope_standalone.demo.people import Party, pick
from hepscope_standalone.demo.scene import Scene
from hepscope_standalone.demo.sip_text import Body, Header
from hepscope_standalone.demo.world import World


def blind(scene: Scene, world: World) -> None:
    """The callee refers the caller to a colleague and leaves; NOTIFY tells how it went."""
    call = inward(scene, world)
    call.pick_up(call.ring())
    call.talk(scene.random.uniform(8.0, 30.0))
    colleague = pick(scene.random, world.phones, call.dialog.callee)
    second = _referred(call, colleague, f"<{colleague.uri}>")
    second.talk()
    second.hang_up()
    second.end("blind transfer, second leg", 200, "completed")


def attended(scene: Scene, world: World) -> None:
    """The callee asks a colleague first, then joins both: REFER with Replaces (RFC 3891)."""
    call = inward(scene, world)
    call.pick_up(call.ring())
    call.talk(scene.random.uniform(8.0, 20.0))
    dialog, media = call.dialog, call.media
    held = dialog.request("INVITE", body=media.offer("sendonly", upward=True), upward=True)
    dialog.respond(held, 200, body=media.answer("recvonly", upward=True))
    dialog.request("ACK", upward=True)
    colleague = pick(scene.random, world.phones, dialog.callee)
    asking = between(scene, dialog.callee, colleague)
    asking.pick_up(asking.ring((1.0, 6.0)))
    asking.talk(scene.random.uniform(6.0, 25.0))
    asked = asking.dialog
    replaces = f"{asked.call_id};to-tag={asked.to_tag};from-tag={asked.from_tag}"
    target = f"<{colleague.uri}?Replaces={quote(replaces, safe='')}>"
    third = _referred(call, colleague, target, ("Replaces", replaces))
    asking.hang_up(upward=True)
    asking.end("consultation", 200, "completed")
    third.talk()
    third.hang_up()
    third.end("attended transfer, third leg", 200, "completed")


def _referred(call: Call, colleague: Party, target: str, *headers: Header) -> Call:
    """Refer the caller to a colleague, who picks up; return the new call."""
    dialog, scene = call.dialog, call.scene
    by = f"<{dialog.callee.uri}>"
    dialog.exchange(
        "REFER",
        headers=[("Refer-To", target), ("Referred-By", by)],
        upward=True,
        status=202,
    )
    _tell(call, "SIP/2.0 100 Trying", "active;expires=60")
    second = _onward(call, colleague)
    second.invite(headers=[("Referred-By", by), *headers])
    second.pick_up(second.ring((0.5, 5.0)))
    _tell(call, "SIP/2.0 200 OK", "terminated;reason=noresource")
    call.hang_up(upward=True)
    call.end("transferred", 200, "completed")
    scene.pause(0.1, 0.3)
    return second


def _onward(call: Call, colleague: Party) -> Call:
    """Return the call of the referred caller to the colleague, the same way in."""
    path = (*call.dialog.path[:-1], colleague.host)
    dialog = Dialog(call.scene, path, call.dialog.caller, colleague)
    return Call(dialog, relay_at=1, is_seen=call.media.is_seen)


def _tell(call: Call, line: str, state: str) -> None:
    """Let the caller say how far the new call is (RFC 3515 2.4.4)."""
    call.dialog.exchange(
        "NOTIFY",
        headers=[("Event", "refer"), ("Subscription-State", state)],
        body=Body(f"{line}\r\n", "message/sipfrag;version=2.0"),
    )
