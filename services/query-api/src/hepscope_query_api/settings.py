"""Settings of the query API: section ``[api]``."""

from pathlib import Path
from typing import Annotated

from pydantic import Field, SecretStr

from hepscope_common.settings import CommaList, Listen, ListenList, Section

HERE = Path(__file__).parent
PACKAGED = HERE / "frontend"
IN_REPOSITORY = HERE.parents[3] / "frontend"


def default_frontend() -> Path:
    """Return where the page is: beside this module in a wheel, else in the repository."""
    return PACKAGED if PACKAGED.is_dir() else IN_REPOSITORY


class ApiSettings(Section):
    """Page and API."""

    listen: ListenList = (Listen(host="127.0.0.1", port=9080),)
    """Addresses of page and API (`host:port`, several by comma). Keep them on 127.0.0.1 while
    there are no users: whoever reaches them reads everything."""

    hosts: CommaList[str] = ()
    """Further host names under which page and API may be addressed (Host header), by comma; the
    names of a reverse proxy belong here. localhost, the addresses listened at, and the address
    that a connection came to are always accepted."""

    statement_timeout_seconds: Annotated[float, Field(gt=0, le=600)] = 15.0
    """How long a search may take before it is stopped."""

    pool_size: Annotated[int, Field(ge=1, le=200)] = 8
    """Database connections at most, as many searches run at once; one more asks for readiness."""

    frontend: Path = Field(default_factory=default_frontend)
    """Directory of the web page's files."""

    admin_password: SecretStr | None = None
    """Password of the first administrator. Accepted, not used yet: there are no users yet."""
