"""What the E-model needs of each codec: equipment impairment, robustness to loss, own delay.

Ie and Bpl belong to the scale of the row: narrowband values are those of ITU-T G.113 appendix I,
wideband Ie those of appendix IV. Rows marked weak rest on interpolation, on the practice of one
product, or on no published measurement; a MOS from them orders calls but is no absolute value.
"""

import re
from functools import lru_cache
from typing import NamedTuple

from hep.media.emodel import Scale
from hep.sdp import STATIC_PAYLOAD_TYPES

_NB, _WB, _FB = Scale.NARROWBAND, Scale.WIDEBAND, Scale.FULLBAND


class CodecFigures(NamedTuple):
    """A row of CODECS."""

    name: str
    scale: Scale
    ie: float
    bpl: float
    """With packet loss concealment, where the codec leaves it to the receiver."""
    clock_hz: int
    """RTP clock; G.722's is 8000 although it samples at 16000 (RFC 3551 section 4.5.2)."""
    frame_ms: float = 20.0
    """Usual speech per packet, where neither report nor SDP tells."""
    lookahead_ms: float = 0.0
    bpl_unconcealed: float | None = None
    """Without concealment; None where decoding always conceals."""
    is_weak: bool = False
    origin: str = "G.113 appendix I"


def _g726(rate: int, ie: float) -> CodecFigures:
    return CodecFigures(f"G726-{rate}", _NB, ie, 4.3, 8000, is_weak=True)


def _amr(mode: str, ie: float, *, is_weak: bool = True) -> CodecFigures:
    origin = "interpolated" if is_weak else "G.113 appendix I (GSM-EFR)"
    return CodecFigures(f"AMR-{mode}", _NB, ie, 10.0, 8000, 20.0, 5.0, None, is_weak, origin)


def _amr_wb(mode: str, ie: float) -> CodecFigures:
    origin = "G.113 appendix IV; Bpl estimated"
    return CodecFigures(f"AMR-WB-{mode}", _WB, ie, 13.0, 16000, 20.0, 5.0, None, True, origin)


def _wideband(name: str, ie: float, clock_hz: int) -> CodecFigures:
    origin = "G.113 appendix IV; Bpl estimated"
    return CodecFigures(name, _WB, ie, 10.0, clock_hz, is_weak=True, origin=origin)


_ROWS = (
    CodecFigures("PCMU", _NB, 0.0, 25.1, 8000, bpl_unconcealed=4.3),
    CodecFigures("PCMA", _NB, 0.0, 25.1, 8000, bpl_unconcealed=4.3),
    _g726(40, 2.0),
    _g726(32, 7.0),
    _g726(24, 25.0),
    _g726(16, 50.0),
    CodecFigures("G729", _NB, 10.0, 19.0, 8000, 20.0, 5.0),
    CodecFigures("G729A", _NB, 11.0, 19.0, 8000, 20.0, 5.0),
    CodecFigures("G723", _NB, 15.0, 16.1, 8000, 30.0, 7.5),
    CodecFigures("G723-53", _NB, 19.0, 16.1, 8000, 30.0, 7.5),
    CodecFigures("GSM", _NB, 20.0, 10.0, 8000, is_weak=True),
    CodecFigures("GSM-HR", _NB, 23.0, 10.0, 8000, is_weak=True),
    CodecFigures("GSM-EFR", _NB, 5.0, 10.0, 8000),
    _amr("12.2", 5.0, is_weak=False),
    _amr("10.2", 6.0),
    _amr("7.95", 8.0),
    _amr("7.4", 10.0),
    _amr("6.7", 13.0),
    _amr("5.9", 16.0),
    _amr("5.15", 19.0),
    _amr("4.75", 21.0),
    CodecFigures("iLBC", _NB, 11.0, 32.0, 8000, 20.0, is_weak=True),
    CodecFigures("iLBC-30", _NB, 12.0, 32.0, 8000, 30.0, is_weak=True),
    _wideband("G722", 13.0, 8000),
    _wideband("G722-56", 20.0, 8000),
    _wideband("G722-48", 31.0, 8000),
    _wideband("G7221", 13.0, 16000),
    _wideband("G7221-24", 19.0, 16000),
    _amr_wb("23.85", 8.0),
    _amr_wb("23.05", 1.0),
    _amr_wb("19.85", 3.0),
    _amr_wb("18.25", 5.0),
    _amr_wb("15.85", 7.0),
    _amr_wb("14.25", 10.0),
    _amr_wb("12.65", 13.0),
    _amr_wb("8.85", 26.0),
    _amr_wb("6.6", 41.0),
    CodecFigures("opus", _FB, 10.2, 4.3, 48000, 20.0, 6.5, None, True, "as rtpengine rates it"),
    CodecFigures("EVS", _FB, 12.5, 10.0, 16000, 20.0, 12.0, None, True, "estimated, 13.2 kbit/s"),
)


def _key(name: str) -> str:
    return re.sub("[^A-Z0-9]", "", name.upper())


CODECS = {_key(row.name): row for row in _ROWS}
"""Rows by name in capitals, letters and digits only."""

# Names of SDP without a mode, and those that programs write. A mode that nobody tells is the
# usual one: 12.2 for AMR, 12.65 for AMR-WB.
_ALIASES = {
    "ULAW": "PCMU",
    "MULAW": "PCMU",
    "G711": "PCMU",
    "G711U": "PCMU",
    "G711MU": "PCMU",
    "G711ULAW": "PCMU",
    "G711ULAW64K": "PCMU",
    "PCMULAW": "PCMU",
    "ALAW": "PCMA",
    "G711A": "PCMA",
    "G711ALAW": "PCMA",
    "G711ALAW64K": "PCMA",
    "PCMALAW": "PCMA",
    "G726": "G72632",
    "G729R8": "G729",
    "G729BR8": "G729A",
    "G729B": "G729A",
    "G729AB": "G729A",
    "G7231": "G723",
    "G723R63": "G723",
    "G723R53": "G72353",
    "GSMFR": "GSM",
    "AMR": "AMR122",
    "AMRNB": "AMR122",
    "ILBC20": "ILBC",
    "G72264": "G722",
    "G722132": "G7221",
    "G722124": "G722124",
    "AMRWB": "AMRWB1265",
    "G7222": "AMRWB1265",
    **{f"AAL2G726{rate}": f"G726{rate}" for rate in (16, 24, 32, 40)},
}
_MAX_NAME = 32

ASSUMED = CODECS["PCMA"]
"""Taken where nothing tells the codec: the best case, so that it blames no network wrongly."""


@lru_cache(maxsize=512)
def by_name(name: str) -> CodecFigures | None:
    """The row of a codec name as in rtpmap (`G729`, `opus/48000/2`) or as programs write it."""
    key = _key(name.partition("/")[0][:_MAX_NAME])
    return CODECS.get(_ALIASES.get(key, key))


def find(name: str | None = None, payload_type: int | None = None) -> CodecFigures | None:
    """The row of a codec by its name, else by a static payload type; None when neither tells."""
    if name:
        row = by_name(name)
        if row is not None:
            return row
    static = STATIC_PAYLOAD_TYPES.get(payload_type) if payload_type is not None else None
    return by_name(static.name) if static else None
