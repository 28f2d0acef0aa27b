"""The world of a run: its phones, and what is remembered from one period to the next."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import Random

from hepscope_standalone.demo.network import CARRIERS, RHEINFON, Carrier
from hepscope_standalone.demo.people import Party, make_phones
from hepscope_standalone.demo.scene import Scene


@dataclass(slots=True)
class World:
    """The people of one run, when Rheinfon is out of order, and what phones registered with."""

    phones: Sequence[Party]
    outage_us: tuple[int, int] = (0, 0)
    registered: dict[str, tuple[str, str, int]] = field(default_factory=dict)
    """Call-ID, From tag and CSeq of the latest registration by number."""
    due_us: dict[str, int] = field(default_factory=dict)
    """When each phone registers next, where a period before has decided it."""

    @classmethod
    def make(cls, random: Random) -> "World":
        """Return a world of its own for each source of chance."""
        return cls(make_phones(random))

    def carrier(self, scene: Scene) -> Carrier:
        """Return a carrier that is in order."""
        is_out = self.outage_us[0] <= scene.now_us < self.outage_us[1]
        usable = [one for one in CARRIERS if not (is_out and one is RHEINFON)]
        return scene.random.choices(usable, [one.share for one in usable])[0]

    def phone(self, scene: Scene, transport: str) -> Party:
        """Return a phone that talks to the core over that transport."""
        return scene.random.choice(
            [phone for phone in self.phones if phone.host.transport == transport]
        )


Scenario = Callable[[Scene, World], None]
