"""How good a line is, over the time of a call: loss and jitter as a receiver measures them."""

from dataclasses import dataclass
from random import Random


@dataclass(frozen=True, slots=True)
class Line:
    """One direction: its usual loss (share of packets) and jitter, and a bad stretch.

    ``bad`` is the part of the call, from 0 to 1, in which ``bad_loss`` and ``bad_jitter_ms`` hold.
    """

    loss: float = 0.0
    jitter_ms: float = 4.0
    bad: tuple[float, float] = (0.0, 0.0)
    bad_loss: float = 0.0
    bad_jitter_ms: float = 0.0
    is_dead: bool = False
    """Whether nothing arrives at all."""

    def at(self, part: float, random: Random) -> tuple[float, float]:
        """Return loss and jitter in ms at a part of the call."""
        is_bad = self.bad[0] <= part < self.bad[1]
        loss = self.bad_loss if is_bad else self.loss
        jitter_ms = self.bad_jitter_ms if is_bad else self.jitter_ms
        return min(loss * random.uniform(0.6, 1.4), 1.0), jitter_ms * random.uniform(0.7, 1.5)


DEAD = Line(is_dead=True)


def clean(random: Random) -> Line:
    """A line as it should be."""
    return Line(random.choice((0.0, 0.0, 0.0, 0.001, 0.003)), random.uniform(1.5, 7.0))


def weak(random: Random) -> Line:
    """A line that is noticed: somebody's wireless network, all the time a little."""
    return Line(random.uniform(0.008, 0.025), random.uniform(14.0, 32.0))


def congested(random: Random) -> Line:
    """An uplink that somebody fills for a while: good, then bad, then good again."""
    begin = random.uniform(0.25, 0.6)
    return Line(
        0.002,
        random.uniform(4.0, 9.0),
        (begin, begin + random.uniform(0.2, 0.35)),
        random.uniform(0.07, 0.16),
        random.uniform(40.0, 85.0),
    )


def usual_lines(random: Random) -> tuple[Line, Line]:
    """Return what the caller and what the callee hear: as a rule nothing to complain of."""
    chance = random.random()
    if chance < 0.07:
        return (weak(random), clean(random)) if chance < 0.04 else (clean(random), weak(random))
    return clean(random), clean(random)
