"""Links to Grafana: Explore, with the queries and the time of a call's logs."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from hepscope_query_api.query.period import Period


@dataclass(frozen=True, slots=True)
class Grafana:
    """A Grafana and its data source of Loki."""

    url: str
    loki_uid: str

    def explore_url(self, queries: Sequence[str], period: Period) -> str | None:
        """Return the address; None where there is nothing to ask."""
        if not self.url or not queries or period.start_us >= period.end_us:
            return None
        asked = [
            {
                "refId": chr(ord("A") + index),
                "datasource": {"type": "loki", "uid": self.loki_uid},
                "editorMode": "code",
                "queryType": "range",
                "expr": query,
            }
            for index, query in enumerate(queries)
        ]
        bounds = {
            # Whole milliseconds around the period.
            "from": str(period.start_us // 1000),
            "to": str(-(-period.end_us // 1000)),
        }
        pane = {"datasource": self.loki_uid, "queries": asked, "range": bounds}
        panes = json.dumps({"logs": pane}, separators=(",", ":"))
        query = urlencode({"schemaVersion": 1, "panes": panes, "orgId": 1})
        return f"{self.url}/explore?{query}"
