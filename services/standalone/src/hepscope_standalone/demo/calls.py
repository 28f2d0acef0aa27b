"""Calls of the carrier's customers: which way they go, and the habits that scenarios share."""

from collections.abc import Sequence
from math import log

from hepscope_standalone.demo.causes import q850
from hepscope_standalone.demo.dialog import Dialog
from hepscope_standalone.demo.media import Media
from hepscope_standalone.demo.network import (
    CORE,
    SBC_FRA,
    Carrier,
    Host,
    edge_of,
)
from hepscope_standalone.demo.people import Party, outside_party, pick
from hepscope_standalone.demo.quality import Line, usual_lines
from hepscope_standalone.demo.rtcp import report
from hepscope_standalone.demo.scene import Scene
from hepscope_standalone.demo.sip_text import Header
from hepscope_standalone.demo.transaction import DEFAULT_TRANSPORT, Transaction
from hepscope_standalone.demo.world import World

# Most calls are short, some are meetings.
MEDIAN_TALK_SECONDS = 75.0
TALK_SPREAD = 0.9
LONGEST_TALK_SECONDS = 1500.0
RINGING = (2.0, 14.0)


class Call:
    """An INVITE dialog with its media, and what usually happens in it."""

    def __init__(self, dialog: Dialog, *, relay_at: int, is_seen: bool) -> None:
        self.dialog = dialog
        self.scene = dialog.scene
        dialog.relay_at = relay_at
        self.media = Media(dialog, is_seen=is_seen)
        self.invited: Transaction | None = None

    @property
    def call_id(self) -> str:
        """Its Call-ID."""
        return self.dialog.call_id

    def invite(self, *, headers: Sequence[Header] = (), stop: int | None = None) -> Transaction:
        """Send the INVITE with an offer."""
        body = self.media.offer()
        self.invited = self.dialog.request("INVITE", body=body, headers=headers, stop=stop)
        return self.invited

    def ring(self, seconds: tuple[float, float] = RINGING) -> Transaction:
        """Invite, and ring after a moment, for so many seconds."""
        invited = self.invite() if self.invited is None else self.invited
        self.scene.pause(0.2, 1.6)
        self.dialog.respond(invited, 180)
        self.scene.pause(*seconds)
        return invited

    def pick_up(self, invited: Transaction) -> None:
        """Answer with media, acknowledged end to end."""
        self.dialog.respond(invited, 200, body=self.media.answer())
        self.dialog.request("ACK")

    def talk(
        self, seconds: float | None = None, *, lines: tuple[Line, Line] | None = None
    ) -> float:
        """Talk for a while, over lines of the usual quality unless others are given."""
        random = self.scene.random
        usual = min(
            random.lognormvariate(log(MEDIAN_TALK_SECONDS), TALK_SPREAD), LONGEST_TALK_SECONDS
        )
        spoken = usual if seconds is None else seconds
        report(self.scene, self.dialog, self.media, spoken, lines or usual_lines(random))
        self.scene.wait(spoken)
        return spoken

    def hang_up(self, *, upward: bool | None = None, headers: Sequence[Header] = ()) -> None:
        """End the call by BYE from the caller, or from the callee when ``upward``."""
        is_upward = self.scene.random.random() < 0.5 if upward is None else upward
        said = headers or ((q850(16),) if self._is_gateway(upward=is_upward) else ())
        self.dialog.exchange("BYE", upward=is_upward, headers=said)

    def end(self, name: str, status: int, state: str) -> None:
        """Say what the call has come to."""
        self.scene.plan(self.call_id, name, "INVITE", status, state)

    def _is_gateway(self, *, upward: bool) -> bool:
        host = self.dialog.path[-1 if upward else 0]
        return not host.inside and host.node is None and host.name != ""


def inside(scene: Scene, world: World) -> Call:
    """A call from one customer to another."""
    caller = pick(scene.random, world.phones)
    callee = pick(scene.random, world.phones, caller)
    return between(scene, caller, callee)


def between(scene: Scene, caller: Party, callee: Party) -> Call:
    """A call between two phones."""
    dialog = Dialog(scene, (caller.host, CORE, callee.host), caller, callee)
    return Call(dialog, relay_at=1, is_seen=True)


def outward(
    scene: Scene,
    world: World,
    carrier: Carrier | None = None,
    *,
    caller: Party | None = None,
    gateway: Host | None = None,
    between_servers: str = DEFAULT_TRANSPORT,
) -> Call:
    """A call from a customer to the public network, by a carrier in order unless one is named."""
    who = caller or pick(scene.random, world.phones)
    chosen = carrier or world.carrier(scene)
    edge = edge_of(scene.random, chosen)
    callee = outside_party(scene.random, chosen)
    path = (who.host, CORE, edge, gateway or chosen.gateway)
    dialog = Dialog(scene, path, who, callee, between_servers=between_servers)
    return Call(dialog, relay_at=2, is_seen=edge is SBC_FRA)


def inward(scene: Scene, world: World, *, callee: Party | None = None) -> Call:
    """A call from the public network to a customer."""
    carrier = world.carrier(scene)
    edge = edge_of(scene.random, carrier)
    called = callee or pick(scene.random, world.phones)
    caller = outside_party(scene.random, carrier)
    dialog = Dialog(scene, (carrier.gateway, edge, CORE, called.host), caller, called)
    return Call(dialog, relay_at=1, is_seen=edge is SBC_FRA)


def any_way(scene: Scene, world: World) -> Call:
    """A call in one of the three directions."""
    return scene.random.choice((inside, outward, outward, inward, inward))(scene, world)
