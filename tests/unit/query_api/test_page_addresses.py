"""The page's addresses are made for the prefix that it is served under."""

import re

from hepscope_query_api.settings import IN_REPOSITORY
from hepscope_query_api.web.base_path import RESERVED
from hepscope_query_api.web.pages import PAGE_ROUTES

_ADDRESS = re.compile(
    rf"""(?<!based\()["'`]/(?:{"|".join(map(re.escape, sorted(RESERVED)))})(?=["'`/?#$])"""
)


def test_no_module_writes_an_address_without_its_prefix() -> None:
    """``based()`` of ``js/base.js`` puts it in front."""
    found = [
        f"{path.relative_to(IN_REPOSITORY)}: {line.strip()}"
        for path in sorted(IN_REPOSITORY.glob("js/**/*.js"))
        for line in path.read_text(encoding="utf-8").splitlines()
        if _ADDRESS.search(line) and not line.lstrip().startswith("*")
    ]
    # ``HOME`` is a path inside, and a list names what the API is asked below its own prefix.
    assert [line for line in found if not re.search(r"const HOME|\$\{API\}", line)] == []
    assert _ADDRESS.search('href: "/calls"')
    assert _ADDRESS.search("`/calls/${id}`")


def test_no_prefix_can_be_taken_for_a_screen() -> None:
    """Every route of the page is reserved."""
    assert PAGE_ROUTES <= RESERVED
