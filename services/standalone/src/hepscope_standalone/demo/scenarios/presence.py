"""What is neither call nor registration: lamps for colleagues' lines, and short messages."""

from hepscope_standalone.demo.dialog import Dialog
from hepscope_standalone.demo.network import CORE
from hepscope_standalone.demo.people import Party, pick
from hepscope_standalone.demo.scene import Scene
from hepscope_standalone.demo.sip_text import Body, Header
from hepscope_standalone.demo.world import World

DIALOG_INFO = "application/dialog-info+xml"
EVENT: Header = ("Event", "dialog")


def lamp(scene: Scene, world: World) -> None:
    """A phone watches a colleague's line (RFC 4235): idle, ringing, taken, idle again."""
    watcher = pick(scene.random, world.phones)
    watched = pick(scene.random, world.phones, watcher)
    dialog = Dialog(scene, (watcher.host, CORE), watcher, Party(watched.user, CORE))
    wanted = [EVENT, ("Expires", "600"), ("Accept", DIALOG_INFO)]
    subscribed = dialog.request("SUBSCRIBE", headers=wanted)
    dialog.respond(subscribed, 200, headers=[("Expires", "600")])
    states = ("terminated", "early", "confirmed", "terminated")
    for version, state in enumerate(states):
        header: Header = ("Subscription-State", f"active;expires={600 - 60 * version}")
        body = Body(_state_of(watched, state, version), DIALOG_INFO)
        dialog.exchange("NOTIFY", headers=[EVENT, header], body=body, upward=True)
        scene.pause(3.0, 40.0)
    scene.plan(dialog.call_id, "lamp", "SUBSCRIBE", 200, "other")


def message(scene: Scene, world: World) -> None:
    """A short message from phone to phone (RFC 3428)."""
    sender = pick(scene.random, world.phones)
    receiver = pick(scene.random, world.phones, sender)
    dialog = Dialog(scene, (sender.host, CORE, receiver.host), sender, receiver)
    texts = (
        "Please call back",
        "In the meeting until 11",
        "Gate 3, ten minutes",
        "Danke, bis später",
    )
    dialog.exchange("MESSAGE", body=Body(scene.random.choice(texts), "text/plain"))
    scene.plan(dialog.call_id, "message", "MESSAGE", 200, "other")


def _state_of(watched: Party, state: str, version: int) -> str:
    return (
        '<?xml version="1.0"?>\r\n'
        '<dialog-info xmlns="urn:ietf:params:xml:ns:dialog-info" '
        f'version="{version}" state="full" entity="{watched.uri}">\r\n'
        f'<dialog id="{watched.user[1:]}"><state>{state}</state></dialog>\r\n'
        "</dialog-info>\r\n"
    )
