"""The opening of a connection: does the server acknowledge what it is sent?

We say who we are (a packet of only our origin), and an ingest of ours answers with how far it has
our packets already. A plain HEP server skips the packet and says nothing, so nobody waits long.
"""

from hep import encode_hello
from hepscope_capture.clock import Clock
from hepscope_capture.senders.answers import Answers
from hepscope_capture.senders.connection import Connection

HELLO_SECONDS = 1.0


def greet(
    connection: Connection,
    answers: Answers,
    origin: bytes,
    clock: Clock,
    *,
    seconds: float = HELLO_SECONDS,
) -> int | None:
    """Return the number that the server acknowledges at once, None of one that does not answer.

    Raises OSError when the connection breaks meanwhile, WrongAnswerError as ``Answers`` does.
    """
    hello = memoryview(encode_hello(origin))
    end = clock.elapsed_seconds() + seconds
    while (left := end - clock.elapsed_seconds()) > 0:
        hello = hello[connection.send(hello) :] if hello else hello
        connection.wait(is_sending=bool(hello), seconds=left)
        data = connection.receive()
        if data is None:
            continue
        if not data:
            raise ConnectionResetError("it closed the connection")
        number = answers.feed(data)
        if number is not None:
            return number
    return None
