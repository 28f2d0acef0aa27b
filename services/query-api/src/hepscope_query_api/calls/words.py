"""``q``, as far as it goes: bare words, each of which a call must match.

A word matches a Call-ID (whole), a party (any part of the user of From or To, in either case;
``user@domain`` also the domain), an address of the first request (``10.0.0.5``,
``10.0.0.5:5060``, ``10.0.0.0/8``). With ``*`` in it, the pattern stands for the whole value
(``4930*``). Whatever looks like the filter language is refused with its position: it must
never be taken for words and find nothing.
"""

import re
from dataclasses import dataclass

from hepscope_common.calls.bounds import stored_call_id
from hepscope_query_api.problems import ProblemError, invalid
from hepscope_query_api.query.bind import Bind
from hepscope_query_api.query.pattern import Pattern, escape_like, parse_pattern, stored_text
from hepscope_query_api.query.predicates import endpoint_field

MAX_Q = 1024
MAX_WORDS = 8
LANGUAGE = re.compile(r"(?i:and|or|not)|[!<>=]+.*|\w+\s*(?:[<>]=?|!?=).*|[\"'(].*", re.DOTALL)
SCHEME = re.compile(r"(?:sips?|tel):", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Word:
    """One word: the LIKE patterns that it means, and what it is if taken whole."""

    text: str
    user: Pattern
    domain: Pattern | None
    whole: bool

    @property
    def user_like(self) -> str:
        """The pattern of a user part."""
        return _like(self.user, whole=self.whole)


def parse_words(text: str) -> list[Word]:
    """Return the words of a search; raises ProblemError with position and expectation."""
    if len(text) > MAX_Q:
        raise _refused(MAX_Q, f"at most {MAX_Q} characters", text)
    words: list[Word] = []
    for found in re.finditer(r"\S+", text):
        if LANGUAGE.fullmatch(found.group()):
            raise _refused(found.start(), "words only, as yet", text)
        if len(words) == MAX_WORDS:
            raise _refused(found.start(), f"at most {MAX_WORDS} words", text)
        words.append(_word(found.group(), found.start(), text))
    return words


def word_predicate(word: Word, bind: Bind) -> str:
    """Return SQL that is true for the calls that a word matches."""
    like = bind(word.user_like)
    parties = [f"from_user ilike {like}", f"to_user ilike {like}"]
    if word.domain is not None:
        domain = bind(_like(word.domain, whole=word.whole))
        parties = [
            f"from_user ilike {like} and from_domain ilike {domain}",
            f"to_user ilike {like} and to_domain ilike {domain}",
        ]
    return " or ".join([*(f"({party})" for party in parties), *direct_predicates(word, bind)])


def direct_predicates(word: Word, bind: Bind) -> list[str]:
    """Return the predicates of a word, besides parties, that an index serves."""
    found = [f"call_id = {bind(stored_call_id(stored_text(word.text)))}"]
    try:
        # Only what is an address; a pattern would match hosts by their digits.
        if "*" not in word.text:
            found.append(f"({endpoint_field('source')(word.text, bind)})")
            found.append(f"({endpoint_field('destination')(word.text, bind)})")
    except ValueError:
        return found[:1]
    return found


def _word(text: str, position: int, everything: str) -> Word:
    plain = SCHEME.sub("", text, count=1) if SCHEME.match(text) else text
    user, at, domain = plain.partition("@")
    try:
        patterns = parse_pattern(user), parse_pattern(domain)
    except ValueError as error:
        raise _refused(position, str(error).removeprefix("expected "), everything) from error
    return Word(text, patterns[0], patterns[1] if at else None, "*" in text)


def _like(pattern: Pattern, *, whole: bool) -> str:
    if whole:
        return pattern.like
    return f"%{escape_like(pattern.exact or '')}%"


def _refused(position: int, expected: str, text: str) -> ProblemError:
    near = text[position : position + 40]
    detail = f"Not understood at position {position}"
    detail += f" (“{near}”): expected {expected}." if near else f": expected {expected}."
    detail += " Use a query parameter per field, as from_user=4930*&status=486."
    return invalid("q", detail, position=position, expected=[expected])
