"""From heplify's flags to our options: the whole of it."""

from hepscope_capture.heplify.choosing import translate_filters
from hepscope_capture.heplify.running import refuse_switched_off, translate_logs, translate_ops
from hepscope_capture.heplify.sending import translate_node, translate_servers, translate_spool
from hepscope_capture.heplify.taking import translate_kinds, translate_sources
from hepscope_capture.heplify.translation import Translation
from hepscope_capture.heplify.values import Values


def translate(values: Values) -> Translation:
    """Return what the flags become; raises FlagError for what cannot be done."""
    to = Translation()
    refuse_switched_off(values)
    translate_sources(values, to)
    translate_kinds(values, to)
    translate_servers(values, to)
    translate_node(values, to)
    translate_filters(values, to)
    translate_spool(values, to)
    translate_ops(values, to)
    translate_logs(values, to)
    return to
