"""Settings of the query API: section ``[api]``."""

from pathlib import Path
from typing import Annotated, Self

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, model_validator

from hepscope_common.settings import CommaList, Listen, ListenList, Section, none_if_empty
from hepscope_query_api.logs.logql import EXAMPLE, checked_job, checked_selector
from hepscope_query_api.logs.loki_settings import (
    base_url,
    checked_loki_url,
    header_secret,
    header_value,
    loki_address,
    or_else,
)
from hepscope_query_api.web.base_path import parse_base_path
from hepscope_query_api.web.forwarded import Network, parse_network

HERE = Path(__file__).parent
PACKAGED = HERE / "frontend"
IN_REPOSITORY = HERE.parents[3] / "frontend"


def default_frontend() -> Path:
    """Return where the page is: beside this module in a wheel, else in the repository."""
    return PACKAGED if PACKAGED.is_dir() else IN_REPOSITORY


LOKI_UID = "loki"

Secret = Annotated[SecretStr, AfterValidator(header_secret)]


class ApiSettings(Section):
    """Page and API."""

    listen: ListenList = (Listen(host="127.0.0.1", port=9080),)
    """Addresses of page and API (`host:port`, several by comma). Keep them on 127.0.0.1 while
    there are no users: whoever reaches them reads everything."""

    hosts: CommaList[str] = ()
    """Further host names under which page and API may be addressed (Host header), by comma; the
    names of a reverse proxy belong here. localhost, the addresses listened at, and the address
    that a connection came to are always accepted."""

    base_path: Annotated[str, AfterValidator(parse_base_path)] = ""
    """Prefix of all addresses behind a reverse proxy, as ``/hepscope``; the proxy may take it away
    or leave it. ``X-Forwarded-Prefix`` of a trusted proxy wins over it."""

    trusted_proxies: CommaList[Annotated[Network, BeforeValidator(parse_network)]] = ()
    """Addresses of reverse proxies (``10.0.0.5``, ``10.1.0.0/24``, several by comma). From these
    alone ``X-Forwarded-For``, ``-Proto``, ``-Host`` and ``-Prefix``, or ``Forwarded``, tell client,
    scheme, host (one of ``hosts``) and base path of a request; from others they are ignored. A
    proxy must set or remove all of them, or its clients' own get through."""

    statement_timeout_seconds: Annotated[float, Field(gt=0, le=600)] = 15.0
    """How long a search may take before it is stopped. For a lock it waits half of that."""

    pool_size: Annotated[int, Field(ge=1, le=200)] = 8
    """Database connections at most, as many searches run at once; one more asks for readiness."""

    live_readers: Annotated[int, Field(ge=0, le=1000)] = 50
    """Readers of live events at most, each a connection; 0 = none."""

    live_messages_per_second: Annotated[int, Field(ge=1, le=1000)] = 30
    """Messages a second sent to each of them; of more, those of one call of so many."""

    loki_url: Annotated[str, AfterValidator(checked_loki_url), Field(repr=False)] = ""
    """Address of a Loki where logs of calls are looked for too, as ``http://loki:3100``; empty =
    none. That of the push API does as well."""

    loki_tenant: Annotated[str, AfterValidator(header_value)] = ""
    """Tenant (``X-Scope-OrgID``) whose logs are read; several as Loki writes them: ``a|b``."""

    loki_username: Annotated[str, AfterValidator(header_value)] = ""
    """User of basic authentication at Loki, with ``loki_password``; may stand in the address."""

    loki_password: Annotated[Secret | None, BeforeValidator(none_if_empty)] = None
    """Password of ``loki_username``."""

    loki_token: Annotated[Secret | None, BeforeValidator(none_if_empty)] = None
    """Bearer token for Loki, instead of user and password."""

    loki_tls_ca_file: Annotated[Path | None, BeforeValidator(none_if_empty)] = None
    """Certificates (PEM) that Loki's must be signed by; default: those of the system."""

    loki_selector: Annotated[
        str, BeforeValidator(or_else(EXAMPLE)), AfterValidator(checked_selector)
    ] = EXAMPLE
    """Streams whose lines are searched for a Call-ID; narrow it where Loki holds much else."""

    loki_jobs: CommaList[Annotated[str, AfterValidator(checked_job)]] = (
        "hepscope",
        "heplify-server",
    )
    """Values of label ``job`` of those who copy HEP into Loki (``loki.job`` of the storage-writer).
    Of these messages and media are left out, which the page has already, and log lines that the
    database has; structured metadata ``call_id`` counts."""

    loki_timeout_seconds: Annotated[float, Field(gt=0, le=120)] = 10.0
    """How long Loki may take to answer."""

    loki_limit: Annotated[int, Field(ge=10, le=5000)] = 1000
    """Lines asked of Loki at once, at most; not above its own ``max_entries_limit_per_query``."""

    logs_margin_seconds: Annotated[float, Field(ge=0, le=86_400)] = 60.0
    """How long before a call's first message and after its last one its logs are looked for."""

    grafana_url: Annotated[str, AfterValidator(base_url)] = ""
    """Address of Grafana as browsers reach it; the page then links a call's logs there."""

    grafana_loki_uid: Annotated[
        str, BeforeValidator(or_else(LOKI_UID)), Field(pattern=r"^[A-Za-z0-9_-]{1,40}$")
    ] = LOKI_UID
    """UID of Loki's data source in Grafana."""

    frontend: Path = Field(default_factory=default_frontend)
    """Directory of the web page's files."""

    admin_password: SecretStr | None = None
    """Password of the first administrator. Accepted, not used yet: there are no users yet."""

    @model_validator(mode="after")
    def check_loki_login(self) -> Self:
        """Refuse two ways to log in at once, of which one would be dropped in silence."""
        user = self.loki_username
        ways = [user, self.loki_token, self.loki_url and loki_address(self.loki_url).username]
        if len([way for way in ways if way]) > 1:
            raise ValueError("loki_token, loki_username, a user in loki_url: give one of them")
        if self.loki_password is not None and not user:
            raise ValueError("loki_password needs loki_username")
        return self
