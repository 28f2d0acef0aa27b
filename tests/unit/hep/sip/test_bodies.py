"""Bodies: single, multipart, nested, binary."""

from hep.sip import Part, parse, parts, sdp_of
from hep.sip.bodies import MAX_PARTS

SDP = b"v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\n"


def with_body(content_type: str, body: bytes) -> bytes:
    """Return a request that carries body."""
    line = f"Content-Type: {content_type}\r\n" if content_type else ""
    return f"INVITE sip:a SIP/2.0\r\n{line}\r\n".encode() + body


def multipart(boundary: str, *bodies: bytes) -> bytes:
    """Return a multipart body of parts that bring their own headers."""
    mark = b"--" + boundary.encode()
    return b"".join(mark + b"\r\n" + body + b"\r\n" for body in bodies) + mark + b"--\r\n"


def test_a_plain_body_is_one_part() -> None:
    """Its type has no parameters and is in lower case."""
    message = parse(with_body("Application/SDP ; charset=utf-8", SDP))

    assert [(part.content_type, part.body) for part in parts(message)] == [("application/sdp", SDP)]
    assert sdp_of(message) == SDP


def test_no_body_has_no_parts() -> None:
    """An empty body is not an empty part."""
    message = parse(with_body("application/sdp", b""))

    assert parts(message) == []
    assert sdp_of(message) is None


def test_sdp_is_found_among_parts() -> None:
    """Preamble and epilogue are no parts; a binary part may hold anything."""
    binary = b"\0\xff--x\r\n--other\r\n\r\n"
    body = b"preamble\r\n" + multipart(
        "x",
        b"Content-Type: application/isup\r\n\r\n" + binary,
        b"content-type:application/sdp\r\n"
        b"Content-Disposition: session;\r\n handling=required\r\n\r\n" + SDP,
    )
    message = parse(with_body('multipart/mixed; Boundary="x"', body + b"epilogue"))

    assert parts(message) == [
        Part("application/isup", [("Content-Type", "application/isup")], binary),
        Part(
            "application/sdp",
            [
                ("Content-Type", "application/sdp"),
                ("Content-Disposition", "session; handling=required"),
            ],
            SDP,
        ),
    ]
    assert sdp_of(message) == SDP


def test_nested_parts_are_unfolded_to_a_bound() -> None:
    """A body that nests deeper than anyone needs keeps its inner part whole."""
    body = b"Content-Type: application/sdp\r\n\r\n" + SDP
    for depth in range(3):
        inner = multipart(f"b{depth}", body)
        body = f"Content-Type: multipart/mixed;boundary=b{depth}\r\n\r\n".encode() + inner
    message = parse(with_body("multipart/mixed;boundary=z", multipart("z", body)))

    assert sdp_of(message) == SDP

    body = b"Content-Type: multipart/mixed;boundary=y\r\n\r\n" + multipart("y", body)
    deeper = parse(with_body("multipart/mixed;boundary=z", multipart("z", body)))

    assert sdp_of(deeper) is None
    assert len(parts(deeper)) == 1


def test_the_number_of_parts_is_bounded() -> None:
    """Thousands of parts give as many as anyone needs."""
    message = parse(with_body("multipart/mixed;boundary=x", multipart("x", *[b"\r\na"] * 3000)))

    assert len(parts(message)) == MAX_PARTS


def test_parts_of_odd_form_are_kept() -> None:
    """A part without headers, one without empty line, a multipart without boundary or end."""
    message = parse(with_body("multipart/mixed;boundary=x", b"--x\r\n\r\nplain\r\n--x\r\nraw"))

    assert [(part.content_type, part.body) for part in parts(message)] == [
        ("text/plain", b"plain"),
        ("text/plain", b"raw"),
    ]

    without = parse(with_body("multipart/mixed", b"--x\r\n\r\nplain"))

    assert [part.body for part in parts(without)] == [b"--x\r\n\r\nplain"]
    assert sdp_of(without) is None


def test_sdp_without_content_type_is_known_by_its_first_line() -> None:
    """A lost Content-Type hides no session description."""
    assert sdp_of(parse(with_body("", SDP))) == SDP
    assert sdp_of(parse(with_body("", b"hello"))) is None
    assert sdp_of(parse(with_body("text/plain", SDP))) is None
