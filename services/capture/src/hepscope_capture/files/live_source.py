"""Frames that keep coming from elsewhere than an interface: directories, standard input.

The capture's loop asks each source in turn and waits for none of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from hepscope_capture.frame import Frame

BATCH_FRAMES = 256
"""Frames that are given at once: enough to make a batch of, few enough for the others' turn."""


@dataclass(slots=True)
class SourceCounts:
    """What a source gave, and what it could not."""

    files: int = 0  # that were recognised as captures
    frames: int = 0
    gaps: int = 0
    lost_bytes: int = 0  # of gaps
    not_captures: int = 0  # files that are something else
    unreadable: int = 0  # files that the system does not let us read
    restarted: int = 0  # files that were written anew under their name
    vanished: int = 0  # files that were gone before they were read


class LiveSource(Protocol):
    """A source as the capture's loop sees it."""

    @property
    def name(self) -> str:
        """What it is, for logs and metrics."""
        ...

    @property
    def counts(self) -> SourceCounts:
        """What was read so far."""
        ...

    @property
    def has_ended(self) -> bool:
        """Whether nothing will ever come any more."""
        ...

    def fileno(self) -> int | None:
        """Return what to poll for news; None = only ``look_after`` finds them."""
        ...

    def look_after(self) -> None:
        """Look for news; to be called about once a second."""
        ...

    def read(self) -> Sequence[Frame] | None:
        """Return the next frames, possibly none of them yet; None when there is nothing more now.

        Whoever asks again says by this that the frames before are in safe hands.
        """
        ...

    def close(self) -> None:
        """End; what was given before is as safe as it will be."""
        ...
