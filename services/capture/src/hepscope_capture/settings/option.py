"""One option: its name, its value's form, and what it means; everything else follows from it.

``--exclude-methods`` is ``exclude_methods`` in ``[capture.filters]`` of the settings file and
``HEPSCOPE_CAPTURE__FILTERS__EXCLUDE_METHODS`` in the environment.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum, auto

PREFIX = "HEPSCOPE_CAPTURE__"
"""What the agent's own variables begin with."""

NESTED = "__"


class Shape(Enum):
    """How many values an option has, and how they are written."""

    VALUE = auto()
    FLAG = auto()
    """True or false."""
    LIST = auto()
    """Several, with commas or line ends between them, or the option several times."""
    WORDS = auto()
    """Several: words behind the option; with blanks or commas between them in the environment."""
    TEXTS = auto()
    """Several, each of which may hold commas: the option several times; in the environment one a
    line."""

    @property
    def is_list(self) -> bool:
        """Whether there may be more than one."""
        return self not in (Shape.VALUE, Shape.FLAG)


class Use(Enum):
    """Which way of capturing an option is for."""

    BOTH = auto()
    WIRE = auto()
    """For interfaces."""
    LIVE = auto()
    """For whatever goes on until it is stopped."""
    FILES = auto()
    """For files that are read once."""


@dataclass(frozen=True, slots=True)
class Option:
    """What is known of one option."""

    name: str
    """On the command line, with _ for -, and in the namespace that argparse gives."""
    parse: Callable[[str], object]
    help: str
    default: tuple[str, ...] = ()
    """As it would be written where nothing is; empty: not set."""
    shape: Shape = Shape.VALUE
    metavar: str = "VALUE"
    group: str = ""
    """Title in the help text."""
    section: str = ""
    """Of [capture]: "filters" for [capture.filters]."""
    key: str = ""
    """In its section; the name, if empty."""
    variable: str = ""
    """In the environment, where it is not made of section and key."""
    use: Use = Use.BOTH
    is_secret: bool = False
    is_lasting: bool = True
    """Whether file and environment may set it, not only the command line."""
    reloads: bool = False
    """Whether SIGHUP makes a new value count."""
    is_number: bool = False
    """Whether a settings file holds it as a number."""
    joins: bool = False
    """Whether the parser takes all texts, joined by commas, and returns a collection."""

    @property
    def flag(self) -> str:
        """As on the command line."""
        return f"--{self.name.replace('_', '-')}"

    @property
    def place(self) -> tuple[str, str]:
        """Section and key in the settings file."""
        return self.section, self.key or self.name

    @property
    def where(self) -> str:
        """The place as a dotted name: ``capture.filters.methods``."""
        return ".".join(filter(None, ("capture", *self.place)))

    @property
    def env(self) -> str:
        """The variable; empty for what only the command line sets."""
        if not self.is_lasting:
            return ""
        if self.variable:
            return self.variable
        return PREFIX + NESTED.join(filter(None, self.place)).upper()

    def value(self, texts: Sequence[str]) -> object:
        """Return what the texts mean; raises ValueError with a line for the user."""
        if self.joins:
            return self.parse(",".join(texts)) if texts else ()
        if self.shape.is_list:
            return tuple(self.parse(text) for text in texts)
        return self.parse(texts[-1]) if texts else None

    def split(self, text: str) -> tuple[str, ...]:
        """Return the values that one text of the environment holds."""
        if self.shape is Shape.LIST:
            lines = text.replace("\n", ",").split(",")
            return tuple(filter(None, (piece.strip() for piece in lines)))
        if self.shape is Shape.WORDS:
            return tuple(text.replace(",", " ").split())
        if self.shape is Shape.TEXTS:
            return tuple(filter(None, text.splitlines()))
        return (text,)
