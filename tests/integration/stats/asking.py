"""Questions to ``/stats``, and what they are about."""

from typing import Any

import httpx

from support.builders import BASE_US
from support.sip_calls import SECOND_US

NOW_US = BASE_US + 48 * 3600 * SECOND_US
RANGE = {"start": "2026-11-22T00:00:00Z", "end": "2026-11-25T00:00:00Z"}

Answer = dict[str, Any]


async def ask(client: httpx.AsyncClient, what: str, **parameters: object) -> Answer:
    """Return the answer of ``/stats/what`` over everything unless another range is given."""
    given = {name: str(value) for name, value in parameters.items()}
    response = await client.get(f"/api/v1/stats/{what}", params={**RANGE, **given})
    assert response.status_code == 200, response.text
    answer: Answer = response.json()
    return answer


async def refused(client: httpx.AsyncClient, what: str, **parameters: object) -> Answer:
    """Return the problem of a question that cannot be answered."""
    given = {name: str(value) for name, value in parameters.items()}
    response = await client.get(f"/api/v1/stats/{what}", params={**RANGE, **given})
    assert response.status_code == 400, response.text
    problem: Answer = response.json()
    return problem


def ratio(answer: Answer, name: str) -> tuple[int, int]:
    """Return numerator and denominator; checks that the value is theirs."""
    found = answer[name]
    numerator, denominator = found["numerator"], found["denominator"]
    expected = numerator * 100 / denominator if denominator else None
    assert found["value"] == expected
    return numerator, denominator


def values(answer: Answer) -> list[float | None]:
    """Return the values of points, in order."""
    return [point["value"] for point in answer["points"]]
