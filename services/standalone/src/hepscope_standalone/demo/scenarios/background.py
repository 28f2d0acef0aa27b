"""What goes on beside calls: registrations, good and bad, and the pings between servers."""

from collections.abc import Sequence

from hepscope_standalone.demo.dialog import Dialog
from hepscope_standalone.demo.network import DOMAIN, PROXY, SCANNER, Host, Party
from hepscope_standalone.demo.scene import RESEND_SECONDS, Scene
from hepscope_standalone.demo.sip_text import Header

REGISTRAR_URI = f"sip:{DOMAIN}"
EXPIRES_SECONDS = 1800


def registered(scene: Scene, phone: Party, times: int) -> None:
    """A phone that refreshes its registration before it expires, each time challenged."""
    dialog = _registrations(scene, phone)
    for _ in range(times):
        _register(scene, dialog, phone, 200)
        scene.wait(EXPIRES_SECONDS * scene.random.uniform(0.85, 0.95))
    scene.plan(dialog.call_id, "registered", "REGISTER", 200, "registered")


def forgotten_password(scene: Scene, phone: Party, times: int) -> None:
    """A phone with an old password, which never gives up."""
    dialog = _registrations(scene, phone)
    for _ in range(times):
        _register(scene, dialog, phone, 403)
        scene.pause(110.0, 130.0)
    scene.plan(dialog.call_id, "wrong password", "REGISTER", 403, "failed")


def guessed(scene: Scene, extension: str) -> None:
    """A stranger who guesses passwords."""
    phone = Party(extension, SCANNER)
    dialog = _registrations(scene, phone)
    _register(scene, dialog, phone, 403)
    scene.plan(dialog.call_id, "guessed password", "REGISTER", 403, "failed")


def pinged(scene: Scene, target: Host, *, answers: bool = True) -> None:
    """An OPTIONS from the proxy to a server, answered or sent in vain."""
    dialog = Dialog(scene, (PROXY, target), Party("ping", PROXY), Party("ping", target))
    options = dialog.request("OPTIONS", headers=[("Accept", "application/sdp")])
    if answers:
        dialog.respond(options, 200)
    else:
        scene.resend(options.sent[0], RESEND_SECONDS)
    status = 200 if answers else None
    scene.plan(dialog.call_id, "ping" if answers else "ping in vain", "OPTIONS", status, "other")


def _registrations(scene: Scene, phone: Party) -> Dialog:
    return Dialog(scene, (phone.host, PROXY), phone, phone)


def _register(scene: Scene, dialog: Dialog, phone: Party, status: int) -> None:
    """Register without and with credentials; the registrar answers 401, then ``status``."""
    nonce = scene.token(24)
    challenge: Header = ("WWW-Authenticate", f'Digest realm="{DOMAIN}", nonce="{nonce}"')
    contact: Header = ("Contact", f"<sip:{phone.user}@{phone.host.sent_by}>")
    binding: Sequence[Header] = (contact, ("Expires", str(EXPIRES_SECONDS)))
    first = dialog.request("REGISTER", headers=binding, uri=REGISTRAR_URI)
    dialog.respond(first, 401, headers=[challenge])
    dialog.begin_again()
    digest = (
        f'Digest username="{phone.user}", realm="{DOMAIN}", nonce="{nonce}", '
        f'uri="{REGISTRAR_URI}", response="{scene.token(32)}", algorithm=MD5'
    )
    credentials: Header = ("Authorization", digest)
    second = dialog.request("REGISTER", headers=[*binding, credentials], uri=REGISTRAR_URI)
    dialog.respond(second, status, headers=binding if status == 200 else ())
    dialog.begin_again()
