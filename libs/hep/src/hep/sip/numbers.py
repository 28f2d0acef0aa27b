"""Numbers in SIP headers: CSeq, Content-Length, Max-Forwards, Expires, Retry-After.

RFC 4475 sections 3.1.2.4 and 3.1.2.5 send numbers of any length. A number beyond its range becomes
the greatest value of its field and a fault; its text stays in the headers. int() of long texts
raises, so the length is looked at first.
"""

from hep.sip.faults import Fault

# RFC 3261 section 8.1.1.5 wants CSeq below 2**31; up to 32 bits the number is kept with a fault.
CSEQ_RANGE = 2**31 - 1
CSEQ_LIMIT = 2**32 - 1
# Expires may say up to 2**32 - 1 seconds, which senders use as "for ever". The field stays within
# a signed 32-bit integer, because 68 years mean the same and columns of that type hold it.
EXPIRES_RANGE = 2**32 - 1
EXPIRES_LIMIT = 2**31 - 1
MAX_FORWARDS_LIMIT = 255
LENGTH_LIMIT = 2**31 - 1
# Ten digits hold every number above.
_MAX_DIGITS = 10


def read_number(text: str, limit: int) -> int | None:
    """Return a number, at most limit, however long its text; None when it is no number."""
    if not (text.isascii() and text.isdigit()):
        return None
    if len(text) > _MAX_DIGITS:
        text = text.lstrip("0")
        if len(text) > _MAX_DIGITS:
            return limit
        text = text or "0"
    return min(int(text), limit)


def read_delta(value: str, faults: list[Fault]) -> int | None:
    """Return the seconds of Expires or Retry-After; what follows the digits is not looked at."""
    text = value.partition(";")[0].partition("(")[0].strip(" \t")
    seconds = read_number(text, EXPIRES_RANGE + 1)
    if seconds is None:
        faults.append(Fault.BAD_NUMBER)
        return None
    if seconds > EXPIRES_RANGE:
        faults.append(Fault.NUMBER_OVERFLOW)
    return min(seconds, EXPIRES_LIMIT)


def max_forwards_fault(value: str) -> Fault | None:
    """Return the fault of a Max-Forwards that is no number from 0 to 255."""
    hops = read_number(value, MAX_FORWARDS_LIMIT + 1)
    if hops is None:
        return Fault.BAD_NUMBER
    return Fault.NUMBER_OVERFLOW if hops > MAX_FORWARDS_LIMIT else None


def read_cseq(value: str) -> tuple[int | None, str, Fault | None]:
    """Return (number, method, fault) of a CSeq; None and "" stand for what cannot be read."""
    word, _, method = value.partition(" ")
    if len(word) < _MAX_DIGITS and word.isdigit() and word.isascii() and method.isalpha():
        return int(word), method, None
    if "\t" in value:
        word, _, method = value.replace("\t", " ").partition(" ")
    method = method.lstrip(" ")
    number = read_number(word, CSEQ_LIMIT)
    if number is None or not method or " " in method:
        return number, method, Fault.BAD_CSEQ
    return number, method, Fault.NUMBER_OVERFLOW if number > CSEQ_RANGE else None
