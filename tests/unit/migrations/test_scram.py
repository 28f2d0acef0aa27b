"""SCRAM verifiers: the ones that PostgreSQL would have made itself."""

import base64

import pytest

from hepscope_migrations.scram import ITERATIONS, matches, prepare, verifier


def test_example_of_the_rfc() -> None:
    """RFC 7677, section 3: the server's signature there follows from this ServerKey."""
    salt = base64.b64decode("W22ZaJ0SNY7soEsUEjb6gQ==")

    assert verifier("pencil", salt=salt, iterations=4096) == (
        "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$"
        "WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU="
    )


def test_each_verifier_has_a_salt_of_its_own() -> None:
    """Two users of one password do not show it."""
    first, second = verifier("one password"), verifier("one password")

    assert first != second
    assert first.startswith(f"SCRAM-SHA-256${ITERATIONS}:")
    assert matches(first, "one password")
    assert matches(second, "one password")
    assert not matches(first, "another")


@pytest.mark.parametrize(
    "kept",
    [
        "",
        "md5a6343a68d964ca596d9752250d54bb8a",
        "SCRAM-SHA-256$4096:a$b",
        "SCRAM-SHA-256$0:YWJj$YWJj:YWJj",
        "SCRAM-SHA-256$4096:YWJ$YWJj:YWJj",
        "SCRAM-SHA-256$4096:YWJj$YWJj:YWJj\n",
    ],
)
def test_other_things_are_nobodys(kept: str) -> None:
    """What a server may hold besides: an MD5 password, or something broken."""
    assert not matches(kept, "password")


@pytest.mark.parametrize(
    ("password", "expected"),
    [
        ("plain", b"plain"),
        ("I\u00adX", b"IX"),  # RFC 4013, section 3: the soft hyphen is mapped to nothing
        ("\u00aa", b"a"),  # and this one by NFKC
        ("\u2168", b"IX"),
        ("a\u00a0b", b"a b"),
        ("\u0007", b"\x07"),  # a control character is refused, so it is taken as it is
        ("\u0627\u0031", "\u0627\u0031".encode()),  # so is right-to-left text that ends otherwise
        ("\u00ad", "\u00ad".encode()),  # nothing would be left
        ("\u0627b\u0627\u00ad", "\u0627b\u0627\u00ad".encode()),
        ("w\u006f\u0308rt", "w\u00f6rt".encode()),
    ],
)
def test_preparation(password: str, expected: bytes) -> None:
    """Clients prepare what is typed in the same way; else nobody would get in."""
    assert prepare(password) == expected
