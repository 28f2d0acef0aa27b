"""Media quality: what agents report of RTP streams, as one value, and the E-model on it.

Nothing is re-exported, because `hep.rtcp` needs `hep.media.errors` and `hep.media.dispatch` needs
`hep.rtcp`. Start at `hep.media.dispatch` (payload -> reports), `hep.media.report` (the value) and
`hep.media.quality` (report -> R and MOS).
"""
