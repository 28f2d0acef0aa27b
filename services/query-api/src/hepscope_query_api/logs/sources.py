"""Where logs are looked for besides the database, as the settings say."""

import ssl
from dataclasses import dataclass

from hepscope_query_api.logs.choice import Choice
from hepscope_query_api.logs.explore import Grafana
from hepscope_query_api.logs.logql import parse_selector
from hepscope_query_api.logs.loki import Loki, LokiAccess
from hepscope_query_api.logs.loki_settings import loki_address
from hepscope_query_api.metrics import ApiMetrics
from hepscope_query_api.settings import ApiSettings

TENANT = "X-Scope-OrgID"


@dataclass(frozen=True, slots=True)
class LogSources:
    """Loki, None where there is none, what of it is looked at, and Grafana."""

    loki: Loki | None
    choice: Choice
    grafana: Grafana
    margin_us: int


def log_sources(settings: ApiSettings, metrics: ApiMetrics) -> LogSources:
    """Return the sources of an application; nothing is asked of them yet."""
    return LogSources(
        Loki(_access(settings), metrics) if settings.loki_url else None,
        Choice(parse_selector(settings.loki_selector), settings.loki_jobs, settings.loki_limit),
        Grafana(settings.grafana_url, settings.grafana_loki_uid),
        round(settings.logs_margin_seconds * 1_000_000),
    )


def _access(settings: ApiSettings) -> LokiAccess:
    headers = {TENANT: settings.loki_tenant} if settings.loki_tenant else {}
    if settings.loki_token is not None:
        headers["Authorization"] = f"Bearer {settings.loki_token.get_secret_value()}"
    url, username, given = loki_address(settings.loki_url)
    password = settings.loki_password
    if settings.loki_username:
        username, given = settings.loki_username, password.get_secret_value() if password else ""
    tls: ssl.SSLContext | bool = False
    if url.startswith("https:"):
        # Made once: reading the certificates takes longer than most questions.
        tls = ssl.create_default_context(cafile=settings.loki_tls_ca_file)
    auth = (username, given) if username else None
    return LokiAccess(url, settings.loki_timeout_seconds, headers, auth, tls)
