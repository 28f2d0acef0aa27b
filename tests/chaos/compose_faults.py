"""The faults of a stack of Docker Compose, those of one kind in a heap.

Every container is killed, every pair of those that packets pass through or that read them, each of
these stopped, one for three minutes, each taken out of the network of Kafka and PostgreSQL, and
both ingests out of the network of their senders.
"""

import random

from chaos.compose_places import OURS, WATCHING
from chaos.parts import SENDER_LINKS, Part
from chaos.plan import CUT_SECONDS, Fault, Kind, kills, long_pause, pauses

CORE = (*OURS, Part.BROKER, Part.DATABASE)


def compose_faults(chance: random.Random) -> list[list[Fault]]:
    """Return every fault of a stack once."""
    return [
        kills(chance, CORE, 1),
        _cuts(),
        pauses(CORE),
        kills(chance, CORE, 2),
        kills(chance, WATCHING, 1),
        [long_pause(chance.choice(CORE))],
    ]


def _cuts() -> list[Fault]:
    alone = [Fault(Kind.CUT, parts=(part,), hold_seconds=CUT_SECONDS) for part in CORE]
    return [Fault(Kind.CUT, links=SENDER_LINKS, hold_seconds=CUT_SECONDS), *alone]
