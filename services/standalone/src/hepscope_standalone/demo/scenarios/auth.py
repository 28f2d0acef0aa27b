"""Calls of phones that must show who they are: digest challenges (RFC 3261 22)."""

from hepscope_standalone.demo.calls import Call, outward
from hepscope_standalone.demo.log_lines import log
from hepscope_standalone.demo.network import CORE, DOMAIN
from hepscope_standalone.demo.scene import Scene
from hepscope_standalone.demo.sip_text import Header
from hepscope_standalone.demo.transaction import Transaction
from hepscope_standalone.demo.world import World


def challenged(scene: Scene, world: World) -> None:
    """The core asks for the password first: 407, then the call."""
    call = outward(scene, world)
    answer_challenge(call)
    call.pick_up(call.ring())
    call.talk()
    call.hang_up()
    call.end("challenged", 200, "completed")


def wrong_password(scene: Scene, world: World) -> None:
    """Credentials that the core does not accept: 407, then 403."""
    call = outward(scene, world)
    invited = answer_challenge(call, stop=1)
    log(scene, CORE, call.call_id, "WARNING", f"auth failed for {call.dialog.caller.user}: -2")
    call.dialog.respond(invited, 403, reason="Forbidden (bad auth)", at=1)
    call.end("wrong password", 403, "failed")


def gave_up(scene: Scene, world: World) -> None:
    """A phone without a password: challenged, and nothing more."""
    call = outward(scene, world)
    invited = call.invite(stop=1)
    call.dialog.respond(invited, 407, headers=[challenge(scene, "Proxy-Authenticate")], at=1)
    call.end("gave up", 407, "failed")


def answer_challenge(call: Call, *, stop: int | None = None) -> Transaction:
    """Send an INVITE without credentials, which the core challenges, then one with them."""
    asked = challenge(call.scene, "Proxy-Authenticate")
    call.dialog.respond(call.invite(stop=1), 407, headers=[asked], at=1)
    call.dialog.begin_again()
    uri = call.dialog.callee.uri
    shown = credentials(call.scene, "Proxy-Authorization", call.dialog.caller.user, uri, asked)
    return call.invite(headers=[shown], stop=stop)


def challenge(scene: Scene, name: str) -> Header:
    """Return a challenge in a header of that name."""
    return (name, f'Digest realm="{DOMAIN}", nonce="{scene.token(24)}", qop="auth", algorithm=MD5')


def credentials(scene: Scene, name: str, user: str, uri: str, asked: Header) -> Header:
    """Return the answer to a challenge; the digest is made up."""
    nonce = asked[1].split('nonce="')[1].split('"')[0]
    return (
        name,
        (
            f'Digest username="{user}", realm="{DOMAIN}", nonce="{nonce}", uri="{uri}", '
            f'response="{scene.token(32)}", algorithm=MD5, qop=auth, nc=00000001, '
            f'cnonce="{scene.token(8)}"'
        ),
    )
