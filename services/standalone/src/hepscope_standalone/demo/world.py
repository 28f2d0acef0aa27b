"""Who there is to call, and the habits that scenarios share: routes, media, ringing, talking."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import log
from random import Random

from hepscope_standalone.demo.dialog import Dialog, Transaction
from hepscope_standalone.demo.network import (
    CARRIERS,
    PROXY,
    Host,
    Party,
    direct_number,
    make_phones,
    outside_party,
    pick,
)
from hepscope_standalone.demo.scene import Scene
from hepscope_standalone.demo.sip_text import Body, sdp

OFFERED = (9, 8, 0, 101)
ANSWERED = (8, 101)

# Most calls are short, some are meetings.
MEDIAN_TALK_SECONDS = 75.0
TALK_SPREAD = 0.9
LONGEST_TALK_SECONDS = 1500.0


@dataclass(frozen=True, slots=True)
class World:
    """The people of one run."""

    phones: Sequence[Party]

    @classmethod
    def make(cls, random: Random) -> "World":
        """Return a world of its own for each source of chance."""
        return cls(make_phones(random))


Scenario = Callable[[Scene, World], None]


def inside(scene: Scene, world: World) -> Dialog:
    """A call from one desk to another."""
    caller = pick(scene.random, world.phones)
    callee = pick(scene.random, world.phones, caller)
    return Dialog(scene, (caller.host, PROXY, callee.host), caller, callee)


def outward(scene: Scene, world: World, carrier: Host | None = None) -> Dialog:
    """A call from a desk to the public network, by any carrier unless one is named."""
    caller = pick(scene.random, world.phones)
    chosen = carrier or scene.random.choice(CARRIERS)
    callee = outside_party(scene.random, chosen)
    return Dialog(scene, (caller.host, PROXY, chosen), caller, callee)


def inward(scene: Scene, world: World) -> Dialog:
    """A call from the public network to a desk."""
    carrier = scene.random.choice(CARRIERS)
    caller = outside_party(scene.random, carrier)
    callee = direct_number(pick(scene.random, world.phones))
    return Dialog(scene, (carrier, PROXY, callee.host), caller, callee)


def any_way(scene: Scene, world: World) -> Dialog:
    """A call in one of the three directions."""
    return scene.random.choice((inside, outward, outward, inward, inward))(scene, world)


def offer(dialog: Dialog, *, direction: str = "sendrecv") -> Body:
    """What the caller offers."""
    return _media(dialog, dialog.path[0], OFFERED, direction)


def answer(dialog: Dialog, *, direction: str = "sendrecv") -> Body:
    """What the callee answers."""
    return _media(dialog, dialog.path[-1], ANSWERED, direction)


def ring(dialog: Dialog, invite: Transaction, seconds: tuple[float, float]) -> None:
    """Ring after a moment, for so many seconds."""
    dialog.scene.pause(0.05, 0.4)
    dialog.respond(invite, 180)
    dialog.scene.pause(*seconds)


def pick_up(dialog: Dialog, invite: Transaction) -> None:
    """Answer with media, acknowledged end to end."""
    dialog.respond(invite, 200, body=answer(dialog))
    dialog.request("ACK")


def talk(dialog: Dialog) -> None:
    """Talk for a while, then one of the two hangs up."""
    random = dialog.scene.random
    usual = random.lognormvariate(log(MEDIAN_TALK_SECONDS), TALK_SPREAD)
    dialog.scene.wait(min(usual, LONGEST_TALK_SECONDS))
    hang_up(dialog, upward=random.random() < 0.5)


def hang_up(dialog: Dialog, *, upward: bool = False) -> None:
    """End the call by BYE from the caller, or from the callee when ``upward``."""
    dialog.respond(dialog.request("BYE", upward=upward), 200)


def _media(dialog: Dialog, host: Host, codecs: tuple[int, ...], direction: str) -> Body:
    random = dialog.scene.random
    return sdp(
        host.address,
        random.randrange(16_384, 32_768, 2),
        session=random.randrange(10**9),
        codecs=codecs,
        direction=direction,
    )
