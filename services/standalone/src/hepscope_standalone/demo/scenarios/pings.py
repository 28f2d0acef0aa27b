"""The keep-alives between servers: OPTIONS, answered or sent in vain."""

from hepscope_standalone.demo.dialog import Dialog
from hepscope_standalone.demo.network import Host
from hepscope_standalone.demo.people import Party
from hepscope_standalone.demo.scene import RESEND_SECONDS, Scene
from hepscope_standalone.demo.transaction import DEFAULT_TRANSPORT


def pinged(scene: Scene, source: Host, target: Host, *, answers: bool = True) -> None:
    """An OPTIONS from one server to another."""
    dialog = Dialog(scene, (source, target), Party("ping", source), Party("ping", target))
    options = dialog.request("OPTIONS", headers=[("Accept", "application/sdp")])
    if answers:
        dialog.respond(options, 200)
    elif options.transport(0) == DEFAULT_TRANSPORT:
        scene.resend(options.sent[0], RESEND_SECONDS)
    status = 200 if answers else None
    scene.plan(dialog.call_id, "ping" if answers else "ping in vain", "OPTIONS", status, "other")
