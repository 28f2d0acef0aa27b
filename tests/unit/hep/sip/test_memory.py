"""What is remembered of short texts, and what is not."""

import pytest

from hep.sip.memory import REMEMBERED, REMEMBERED_LENGTH, Memory, of_header


class Reader:
    """Counts how often it is asked."""

    def __init__(self) -> None:
        self.asked = 0

    def __call__(self, text: str) -> str:
        self.asked += 1
        return text.upper()


def test_a_text_is_read_once() -> None:
    """The second time it is remembered."""
    reader = Reader()
    memory = Memory(reader)

    assert [memory["a"], memory["a"], memory["b"]] == ["A", "A", "B"]
    assert reader.asked == 2


def test_long_texts_are_read_anew() -> None:
    """Hostile ones cannot fill the memory."""
    reader = Reader()
    memory = Memory(reader)
    text = "x" * (REMEMBERED_LENGTH + 1)

    assert memory[text] == memory[text] == text.upper()
    assert (reader.asked, len(memory)) == (2, 0)


def test_a_full_memory_begins_again() -> None:
    """It never holds more than its bound, whatever comes."""
    memory = Memory(Reader())
    for number in range(3 * REMEMBERED):
        memory[str(number)]

    assert 0 < len(memory) <= REMEMBERED


@pytest.mark.parametrize(
    ("text", "value"), [(" a\r", "A"), ("a", "A"), (" \t\r", None), ("", None)]
)
def test_a_header_is_read_without_its_blanks(text: str, value: str | None) -> None:
    """A blank one is None, and its reader is not asked."""
    assert of_header(Reader())[text] == value
