"""What the capture was shown, as lines of the log: sums, and the streams that lack something."""

import logging

from hepscope_capture.mirror.counts import together
from hepscope_capture.mirror.text import line_of_stream, seen_of
from hepscope_capture.pipeline import Pipeline

# Streams a time: the first ones tell where to look.
_LISTED = 3


class SeenLog:
    """Remembers what it has told."""

    def __init__(self, pipeline: Pipeline) -> None:
        self._pipeline = pipeline
        self._told = 0

    def tell(self, log: logging.Logger) -> None:
        """Write what there is to tell."""
        counts, rtp = self._pipeline.counts, self._pipeline.rtp
        if seen := seen_of(counts, rtp.one_way()):
            log.info("seen by the capture: %s", seen)
        found = together(counts.rtp.values())
        worst = rtp.take_worst()
        if found.missing + found.duplicate > self._told:
            for stream in worst[:_LISTED]:
                log.warning("%s", line_of_stream(stream))
        self._told = found.missing + found.duplicate
