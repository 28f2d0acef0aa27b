"""What status codes are called is the same on the page and in the API, which have a table each."""

import re
from typing import Final

from hepscope_query_api.fields.phrases import PHRASES
from support.page_sources import modules

ENTRY: Final = re.compile(r'(\d{3}): "([^"]+)"')


def test_the_page_and_the_api_have_the_same_phrases() -> None:
    """From 300 on: of what succeeded the page tells no phrase."""
    found = ENTRY.findall(modules()["js/words/phrases.js"])

    assert [(int(code), phrase) for code, phrase in found] == [
        (code, phrase) for code, phrase in PHRASES.items() if code >= 300
    ]
