"""Strangers: one that guesses passwords, one that tries to dial out at our expense."""

from hepscope_standalone.demo.dialog import Dialog
from hepscope_standalone.demo.network import CORE, DOMAIN, RHEINFON, SCANNER, TOLL_FRAUD, edge_of
from hepscope_standalone.demo.people import Party
from hepscope_standalone.demo.scenarios.auth import challenge, credentials
from hepscope_standalone.demo.scene import Scene
from hepscope_standalone.demo.sdp_text import PCMU, Stream, sdp
from hepscope_standalone.demo.sip_text import Body

DIALLED = "dialled by a stranger"


def guessed(scene: Scene, extension: str) -> None:
    """A REGISTER with a password that is none: 401, then 403."""
    phone = Party(extension, SCANNER)
    dialog = Dialog(scene, (SCANNER, CORE), phone, phone)
    uri = f"sip:{DOMAIN}"
    asked = challenge(scene, "WWW-Authenticate")
    binding = [("Contact", f"<sip:{extension}@{SCANNER.sent_by}>"), ("Expires", "3600")]
    dialog.respond(dialog.request("REGISTER", headers=binding, uri=uri), 401, headers=[asked])
    dialog.begin_again()
    shown = credentials(scene, "Authorization", extension, uri, asked)
    dialog.respond(dialog.request("REGISTER", headers=[*binding, shown], uri=uri), 403)
    scene.plan(dialog.call_id, "guessed password", "REGISTER", 403, "failed")


def dialled(scene: Scene, prefix: str) -> None:
    """An INVITE to a dear number behind one prefix after the other: 403 at once."""
    edge = edge_of(scene.random, RHEINFON)
    number = f"{prefix}{scene.random.randrange(10**9):09d}"
    dialog = Dialog(scene, (TOLL_FRAUD, edge), Party("100", TOLL_FRAUD), Party(number, edge))
    offer = sdp(TOLL_FRAUD.address, [Stream("audio", 25_282, (PCMU,))], session=1)
    invited = dialog.request("INVITE", body=Body(offer))
    scene.pause(0.001, 0.004)
    dialog.respond(invited, 403)
    scene.plan(dialog.call_id, DIALLED, "INVITE", 403, "failed")
