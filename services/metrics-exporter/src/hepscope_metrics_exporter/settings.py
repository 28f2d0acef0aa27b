"""Settings of the exporter: section ``[metrics]``."""

from pydantic import Field

from hepscope_common.settings import CommaList, Listen, ListenList, Section

_LOOPBACK = "127.0.0.1"


class MetricsSettings(Section):
    """Where metrics are exposed and how many series they may have."""

    listen: ListenList = (Listen(host=_LOOPBACK, port=9096),)
    """Address for Prometheus; on loopback until users exist."""

    max_nodes: int = Field(default=200, ge=1)
    """Nodes told apart by name; further ones are counted as ``other``."""

    methods: CommaList[str] = ()
    """Extension methods told apart beside the standard ones, e.g. KDMQ."""
