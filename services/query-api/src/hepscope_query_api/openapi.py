"""The OpenAPI document, as committed in ``docs/openapi.json``.

``python -m hepscope_query_api.openapi`` prints it.
"""

import json
import sys
from contextlib import AbstractAsyncContextManager

from hepscope_query_api.app import create_app
from hepscope_query_api.query.database import Connection
from hepscope_query_api.settings import ApiSettings


class NoPool:
    """A pool of nothing, for an application that answers no search."""

    def acquire(self, *, timeout: float | None = None) -> AbstractAsyncContextManager[Connection]:
        """Raise ConnectionError, an OSError."""
        raise ConnectionError(f"no database ({timeout})")


def openapi_text() -> str:
    """Return the document as JSON text with a final line end; no database is needed."""
    document = create_app(ApiSettings(), NoPool(), needed_schema="").openapi()
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    sys.stdout.write(openapi_text())
