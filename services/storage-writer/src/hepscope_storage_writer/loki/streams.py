"""Streams of Loki: label sets, bounded whatever the traffic says.

Each name that comes from the network goes through a table that takes so many and calls the rest
``other``. What would be too many combinations goes to the streams in which all of them are other.
"""

from collections.abc import Mapping
from typing import Final

from hepscope_storage_writer.loki.settings import LokiSettings

OTHER: Final = "other"
NODE_CHARS: Final = 128
VALUE_CHARS: Final = 128

_REPLACEMENT: Final = "\ufffd"
"""Loki's parser of labels takes this character for broken UTF-8, and refuses the whole push."""

_ESCAPES: Final = {
    **{code: f"\\u{code:04x}" for code in (*range(32), *range(127, 160))},
    ord("\\"): "\\\\",
    ord('"'): '\\"',
}


class Stream:
    """A label set; equal only to itself."""

    __slots__ = ("labels", "newest_ns", "text", "type_name")

    def __init__(self, labels: Mapping[str, str]) -> None:
        self.labels = dict(labels)
        self.text = selector(labels)
        self.type_name = self.labels.get("type", "")
        self.newest_ns = 0
        """Time of the newest line that was planned to be pushed."""


def selector(labels: Mapping[str, str]) -> str:
    """Return labels as Loki writes them: sorted, values quoted."""
    pairs = (f'{name}="{value.translate(_ESCAPES)}"' for name, value in sorted(labels.items()))
    return "{" + ", ".join(pairs) + "}"


def _label(text: str) -> str:
    return text.replace(_REPLACEMENT, "?")


class Bounded:
    """The first values of a label, up to a bound; all others are ``other``."""

    __slots__ = ("_limit", "_texts")

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._texts: dict[bytes, str] = {}

    def __len__(self) -> int:
        return len(self._texts)

    def text(self, raw: bytes, chars: int = VALUE_CHARS) -> str:
        """Return the value of raw bytes; what is not UTF-8 in it shows as ?."""
        found = self._texts.get(raw)
        if found is None:
            if len(self._texts) >= self._limit:
                return OTHER
            found = _label(raw.decode("utf-8", "replace"))[:chars] or OTHER
            self._texts[raw] = found
        return found


class Streams:
    """Streams by the values of their labels."""

    def __init__(self, settings: LokiSettings) -> None:
        self.nodes = Bounded(settings.max_nodes)
        self.names = tuple(str(name) for name in settings.traffic_labels)
        self._values = tuple(Bounded(settings.max_label_values) for _ in self.names)
        static = {"job": settings.job, **settings.static_labels}
        self._static = {name: _label(value) for name, value in static.items()}
        self._limit = settings.max_streams
        self._with_partition = settings.partition_label
        self._streams: dict[tuple[object, ...], Stream] = {}

    def __len__(self) -> int:
        return len(self._streams)

    def find(
        self, type_name: str, node: bytes, partition: int, values: tuple[bytes, ...]
    ) -> Stream:
        """Return the stream of a line; values are those of ``names``, empty where it has none."""
        texts = tuple(
            table.text(raw) if raw else "" for table, raw in zip(self._values, values, strict=True)
        )
        node_text = self.nodes.text(node, NODE_CHARS)
        key = (type_name, node_text, partition, texts)
        found = self._streams.get(key)
        return (
            found if found is not None else self._make(key, type_name, node_text, partition, texts)
        )

    def _make(
        self,
        key: tuple[object, ...],
        type_name: str,
        node: str,
        partition: int,
        texts: tuple[str, ...],
    ) -> Stream:
        others = tuple(OTHER if text else "" for text in texts)
        rest = (type_name, OTHER, partition, others)
        if len(self._streams) >= self._limit and key != rest:
            # Rests come on top of the limit: they are as few as types, partitions and shapes.
            found = self._streams.get(rest)
            return found or self._make(rest, type_name, OTHER, partition, others)
        labels = {**self._static, "type": type_name, "node": node}
        if self._with_partition:
            labels["partition"] = str(partition)
        labels |= {name: text for name, text in zip(self.names, texts, strict=True) if text}
        stream = self._streams[key] = Stream(labels)
        return stream
