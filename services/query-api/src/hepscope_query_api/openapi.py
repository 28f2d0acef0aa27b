"""The OpenAPI document, as committed in ``docs/openapi.json``.

``python -m hepscope_query_api.openapi`` prints it.
"""

import json
import sys

import asyncpg

from hepscope_query_api.app import create_app
from hepscope_query_api.settings import ApiSettings


def openapi_text() -> str:
    """Return the document as JSON text with a final line end; no database is needed."""
    # Never connected: with a minimum of 0 a pool is inert until it is entered.
    pool = asyncpg.create_pool("postgresql://", min_size=0)
    document = create_app(ApiSettings(), pool, needed_schema="").openapi()
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    sys.stdout.write(openapi_text())
