"""Pushes, read back by the strict fake's own decoder."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hepscope_storage_writer.loki.form import Form
from hepscope_storage_writer.loki.json_form import JsonForm
from hepscope_storage_writer.loki.protobuf import ProtobufForm, varint
from hepscope_storage_writer.loki.streams import Stream
from support.loki_push import decode

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=300)
TIMES = st.integers(0, (1 << 62) - 1)
FORMS = [ProtobufForm(), JsonForm(compressed=True), JsonForm(compressed=False)]


@pytest.mark.parametrize("form", FORMS, ids=["snappy", "gzip", "none"])
@given(
    lines=st.lists(st.tuples(TIMES, TEXT, st.dictionaries(st.just("call_id"), TEXT)), min_size=1),
    node=st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=100),
)
def test_what_is_written_is_read(
    form: Form, lines: list[tuple[int, str, dict[str, str]]], node: str
) -> None:
    """Any text, any time, any label value."""
    lines.sort(key=lambda line: line[0])
    stream = Stream({"job": "hepscope", "node": node})
    entries = [form.entry(time, text.encode(), tuple(more.items())) for time, text, more in lines]
    found = decode(form.headers, form.body([(stream, entries)], with_metadata=True))
    assert found == [({"job": "hepscope", "node": node}, lines)]

    plain = decode(form.headers, form.body([(stream, entries)], with_metadata=False))
    assert plain == [(stream.labels, [(time, text, {}) for time, text, _ in lines])]


@pytest.mark.parametrize("form", FORMS, ids=["snappy", "gzip", "none"])
def test_a_message_of_64_kib_and_several_streams(form: Form) -> None:
    """Lengths of three bytes."""
    streams = [Stream({"node": "a"}), Stream({"node": "b"})]
    line = b"x" * 65_535
    parts = [(one, [form.entry(1_000_000_001, line, ())]) for one in streams]
    found = decode(form.headers, form.body(parts, with_metadata=True))
    assert [labels["node"] for labels, _ in found] == ["a", "b"]
    assert all(entries == [(1_000_000_001, line.decode(), {})] for _, entries in found)


@pytest.mark.parametrize(
    ("value", "data"), [(0, b"\0"), (127, b"\x7f"), (128, b"\x80\x01"), (300, b"\xac\x02")]
)
def test_varints(value: int, data: bytes) -> None:
    """The examples of the protocol buffers' documentation."""
    assert varint(value) == data
