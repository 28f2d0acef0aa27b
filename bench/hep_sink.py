"""A HEP server over TCP that acknowledges everything and keeps nothing: prints its port."""

import socket

from hep import StreamDecoder, decode3, encode_ack, is_hello


def main() -> None:
    """Serve one sender after the other until killed."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        print(listener.getsockname()[1], flush=True)
        while True:
            connection, _ = listener.accept()
            with connection:
                serve(connection)


def serve(connection: socket.socket) -> None:
    """Acknowledge what came last: it has the highest number."""
    decoder, origin = StreamDecoder(), b""
    while data := connection.recv(1 << 18):
        packets = decoder.feed(data)
        if not packets:
            continue
        last = decode3(packets[-1])
        if is_hello(last):
            origin = last.origin
        connection.sendall(encode_ack(origin, last.seq or 0))


if __name__ == "__main__":
    main()
