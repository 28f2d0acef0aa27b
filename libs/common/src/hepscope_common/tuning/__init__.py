"""Settings of machine and database that cost packets, speed or safety, told once at start."""

from hepscope_common.tuning.component import Look, Tuning
from hepscope_common.tuning.finding import Check, Finding

__all__ = ["Check", "Finding", "Look", "Tuning"]
