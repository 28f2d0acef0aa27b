"""The macros and variables of Grafana's PostgreSQL data source, replaced as it does."""

import re
from collections.abc import Mapping
from datetime import datetime

INTERVAL_SECONDS = 60


def expanded(sql: str, values: Mapping[str, str], start: datetime, end: datetime) -> str:
    """Return the statement that Grafana sends for a time range and what users typed."""

    def literal(text: str) -> str:
        return "'" + text.replace("'", "''") + "'"

    sql = re.sub(r"\$\{(\w+):sqlstring\}", lambda found: literal(values[found[1]]), sql)
    first, last = literal(start.isoformat()), literal(end.isoformat())
    sql = re.sub(
        r"\$__timeFilter\((\w+)\)", lambda found: f"{found[1]} BETWEEN {first} AND {last}", sql
    )
    sql = re.sub(
        r"\$__timeGroupAlias\((\w+), \$__interval\)",
        lambda found: (
            f'floor(extract(epoch from {found[1]})/{INTERVAL_SECONDS})*{INTERVAL_SECONDS} AS "time"'
        ),
        sql,
    )
    sql = sql.replace("$__timeFrom()", first).replace("$__timeTo()", last)
    assert "$" not in sql, sql
    return sql
