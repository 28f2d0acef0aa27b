"""Registrations of phones: refreshed in time, refused, and all at once after a restart."""

from collections.abc import Sequence

from hepscope_standalone.demo.dialog import Dialog
from hepscope_standalone.demo.network import CORE, DOMAIN
from hepscope_standalone.demo.people import Party
from hepscope_standalone.demo.scenarios.auth import challenge, credentials
from hepscope_standalone.demo.scene import RESEND_SECONDS, Scene
from hepscope_standalone.demo.sip_text import Header
from hepscope_standalone.demo.world import World

REGISTRAR_URI = f"sip:{DOMAIN}"
EXPIRES_SECONDS = 1800
OVERLOADED = "Server overloaded"
RETRY_SECONDS = 5
# In the rush after a restart: how many phones meet a core that is not ready, or too busy.
UNHEARD_SHARE = 0.25
OVERLOADED_SHARE = 0.2


def refreshed(scene: Scene, world: World, phone: Party) -> None:
    """A phone that refreshes its registration before it expires, each time challenged."""
    dialog = registration_of(scene, world, phone)
    _register(scene, dialog, phone, 200)
    _end(scene, world, dialog, "registered", status=200)


def refused(scene: Scene, world: World, phone: Party) -> None:
    """A phone with an old password, which never gives up."""
    dialog = registration_of(scene, world, phone)
    _register(scene, dialog, phone, 403)
    _end(scene, world, dialog, "old password", status=403)


def in_the_rush(scene: Scene, world: World, phone: Party) -> None:
    """A phone that must register anew with a core that has forgotten it, as all others do."""
    dialog = registration_of(scene, world, phone)
    chance = scene.random.random()
    if chance < UNHEARD_SHARE and phone.host.transport == "UDP":
        _unheard(scene, dialog, phone)
    elif chance < UNHEARD_SHARE + OVERLOADED_SHARE:
        retry = ("Retry-After", str(RETRY_SECONDS))
        first = dialog.request("REGISTER", headers=_binding(phone), uri=REGISTRAR_URI)
        dialog.respond(first, 503, reason=OVERLOADED, headers=[retry])
        dialog.begin_again()
        scene.pause(RETRY_SECONDS, RETRY_SECONDS + 2.0)
    _register(scene, dialog, phone, 200)
    _end(scene, world, dialog, "registered in the rush", status=200)


def registration_of(scene: Scene, world: World, phone: Party) -> Dialog:
    """Return the registration of a phone, which keeps its Call-ID (RFC 3261 10.2)."""
    dialog = Dialog(scene, (phone.host, CORE), phone, phone)
    known = world.registered.get(phone.user)
    if known is not None:
        dialog.call_id, dialog.from_tag, dialog.cseq = known
    return dialog


def _register(scene: Scene, dialog: Dialog, phone: Party, status: int) -> None:
    """Register without and with credentials; the registrar answers 401, then ``status``."""
    asked = challenge(scene, "WWW-Authenticate")
    binding = _binding(phone)
    first = dialog.request("REGISTER", headers=binding, uri=REGISTRAR_URI)
    dialog.respond(first, 401, headers=[asked])
    dialog.begin_again()
    shown = credentials(scene, "Authorization", phone.user, REGISTRAR_URI, asked)
    second = dialog.request("REGISTER", headers=[*binding, shown], uri=REGISTRAR_URI)
    dialog.respond(second, status, headers=binding if status == 200 else ())
    dialog.begin_again()


def _unheard(scene: Scene, dialog: Dialog, phone: Party) -> None:
    """Send in vain for a while, since the core is not up yet, then begin anew."""
    sent = dialog.request("REGISTER", headers=_binding(phone), uri=REGISTRAR_URI).sent[0]
    scene.resend(sent, RESEND_SECONDS[:4])
    scene.wait(RESEND_SECONDS[4])
    dialog.begin_again()


def _binding(phone: Party) -> Sequence[Header]:
    transport = phone.host.transport.lower()
    named = "" if transport == "udp" else f";transport={'ws' if transport == 'wss' else transport}"
    contact = f"<sip:{phone.user}@{phone.host.sent_by}{named}>"
    return (("Contact", contact), ("Expires", str(EXPIRES_SECONDS)))


def _end(scene: Scene, world: World, dialog: Dialog, name: str, *, status: int) -> None:
    world.registered[dialog.caller.user] = (dialog.call_id, dialog.from_tag, dialog.cseq)
    state = "registered" if status == 200 else "failed"
    scene.plan(dialog.call_id, name, "REGISTER", status, state)
