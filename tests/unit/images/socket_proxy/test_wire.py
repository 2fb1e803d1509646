"""Bytes that a proxy and the server behind it could divide into requests in different ways."""

import gzip
import time

import pytest

from tests.unit.images.socket_proxy.site import CONTAINER, accepted, accepted_volume, container, encoded
from tests.unit.images.socket_proxy.wire import Answer, RunningProxy, read_answer

HOST = b"Host: docker\r\n"
GOOD = b"GET /version HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n"
EVIL = b"POST /containers/create?name=evil HTTP/1.1\r\n" + HOST + b"Content-Length: 2\r\n\r\n{}"
VOLUME = b"POST /volumes/create HTTP/1.1\r\n" + HOST
BODY = encoded(accepted_volume())
LENGTH = b"Content-Length: %d\r\n" % len(BODY)
CHUNKED = b"%x\r\n%s\r\n0\r\n\r\n" % (len(BODY), BODY)

# What is between the request line with its host and the next request. None of it may make anything.
SMUGGLED: dict[str, bytes] = {
    "length and chunks": b"Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + EVIL,
    "chunks and length": b"Transfer-Encoding: chunked\r\nContent-Length: 6\r\n\r\n0\r\n\r\n" + EVIL,
    "chunks and the right length": LENGTH + b"Transfer-Encoding: chunked\r\n\r\n" + CHUNKED,
    "two lengths": b"Content-Length: 2\r\nContent-Length: 0\r\n\r\n{}" + EVIL,
    "two equal lengths": b"Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}" + EVIL,
    "two lengths in one": b"Content-Length: 2, 2\r\n\r\n{}" + EVIL,
    "a negative length": b"Content-Length: -1\r\n\r\n" + EVIL,
    "a length with a sign": b"Content-Length: +2\r\n\r\n{}" + EVIL,
    "a length in hexadecimal": b"Content-Length: 0x2\r\n\r\n{}" + EVIL,
    "a length with an underscore": b"Content-Length: 1_0\r\n\r\n{}        " + EVIL,
    "a length in other digits": "Content-Length: ٢\r\n\r\n{}".encode() + EVIL,
    "a length that is empty": b"Content-Length: \r\n\r\n{}" + EVIL,
    "a length that is too large": b"Content-Length: 99999999999999999999999\r\n\r\n{}" + EVIL,
    "a length with a blank before the colon": b"Content-Length : 2\r\n\r\n{}" + EVIL,
    "chunks with a blank before the colon": b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n" + EVIL,
    "chunks with a tab": b"Transfer-Encoding:\tchunked\r\n\r\n0\r\n\r\n" + EVIL,
    "chunks in capitals": b"TRANSFER-ENCODING: CHUNKED\r\n\r\n0\r\n\r\n" + EVIL,
    "chunks with a vertical tab": b"Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n" + EVIL,
    "chunks in quotes": b'Transfer-Encoding: "chunked"\r\n\r\n0\r\n\r\n' + EVIL,
    "chunks and identity": b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n" + EVIL,
    "identity and chunks": b"Transfer-Encoding: identity, chunked\r\n\r\n0\r\n\r\n" + EVIL,
    "chunks twice": b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + EVIL,
    "chunks of chunks": b"Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n" + EVIL,
    "nearly chunks": b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n" + EVIL,
    "identity": b"Transfer-Encoding: identity\r\nContent-Length: 2\r\n\r\n{}" + EVIL,
    "chunks on a folded line": b"Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n" + EVIL,
    "a folded header": b"X: a\r\n b\r\nContent-Length: 2\r\n\r\n{}" + EVIL,
    "chunks after a bare line feed": b"X: a\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + EVIL,
    "chunks after a bare carriage return": b"X: a\rTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + EVIL,
    "bare line feeds": b"Content-Length: 2\n\n{}" + EVIL,
    "a NUL in a header": b"X: a\0b\r\nContent-Length: 2\r\n\r\n{}" + EVIL,
    "a header without a colon": b"X\r\nContent-Length: 2\r\n\r\n{}" + EVIL,
    "a header without a name": b": x\r\nContent-Length: 2\r\n\r\n{}" + EVIL,
    "a header of 100 kB": b"X: " + b"a" * 100_000 + b"\r\nContent-Length: 2\r\n\r\n{}" + EVIL,
    "1000 headers of 1 kB": b"X: %s\r\n" % (b"a" * 1000) * 1000 + b"Content-Length: 2\r\n\r\n{}" + EVIL,
    "a size of a chunk that is none": b"Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n" + EVIL,
    "a size of a chunk with a sign": b"Transfer-Encoding: chunked\r\n\r\n-1\r\n{}\r\n0\r\n\r\n" + EVIL,
    "a size of a chunk that overflows": b"Transfer-Encoding: chunked\r\n\r\n1%s2\r\n{}\r\n0\r\n\r\n" % (b"0" * 15)
    + EVIL,
    "a chunk longer than its size": b"Transfer-Encoding: chunked\r\n\r\n1\r\n{}\r\n0\r\n\r\n" + EVIL,
    "a chunk ended by a line feed": b"Transfer-Encoding: chunked\r\n\r\n2\n{}\n0\n\n" + EVIL,
    "an extension of a chunk": b"Transfer-Encoding: chunked\r\n\r\n2;a=b\r\n{}\r\n0\r\n\r\n" + EVIL,
    "an extension with a line feed": b"Transfer-Encoding: chunked\r\n\r\n2;\n{}\r\n0\r\n\r\n" + EVIL,
    "a trailer": b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\nContent-Length: 99\r\n\r\n" + EVIL,
    "a request in the body": b"Content-Length: %d\r\n\r\n" % len(EVIL) + EVIL,
    "a request in a chunk": b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n" % (len(EVIL), EVIL),
    "no length at all": b"\r\n" + EVIL,
    "HTTP/2 by upgrade": b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAA\r\n\r\n" + EVIL,
    "an upgrade to a stream": b"Connection: Upgrade\r\nUpgrade: tcp\r\nContent-Length: 2\r\n\r\n{}" + EVIL,
    "an upgrade to a web socket": b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: x\r\n\r\n" + EVIL,
    "an expectation": b"Expect: 100-continue\r\nContent-Length: 2\r\n\r\n{}" + EVIL,
    "an expectation and a request at once": b"Expect: 100-continue\r\nContent-Length: 0\r\n\r\n" + EVIL,
    "another expectation": b"Expect: 200-ok\r\nContent-Length: 2\r\n\r\n{}" + EVIL,
    "what is not compressed": b"Content-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}" + EVIL,
    "an unknown encoding": b"Content-Encoding: x\r\nContent-Length: 2\r\n\r\n{}" + EVIL,
}


def assert_nothing_made(proxy: RunningProxy, answers: list[Answer]) -> None:
    assert proxy.engine.changes == []
    assert all(answer.status in {100, 200} or 400 <= answer.status < 500 for answer in answers), answers
    proxy.engine.forget()
    assert proxy.send(GOOD)[-1].json["ApiVersion"] == "1.41"
    assert proxy.engine.lines == ["GET /version"]


@pytest.mark.parametrize("what", SMUGGLED)
@pytest.mark.parametrize("first", ["POST /volumes/create", "GET /_ping", "GET /info"])
def test_nothing_is_smuggled_in(proxy: RunningProxy, first: str, what: str) -> None:
    answers = proxy.send(f"{first} HTTP/1.1\r\n".encode() + HOST + SMUGGLED[what] + GOOD)
    assert len(answers) >= 1
    # What is taken for a request of its own is judged like one, and these are all refused.
    assert {line for line in proxy.engine.lines if "evil" in line} == set()
    assert_nothing_made(proxy, answers)


RAW: dict[str, bytes] = {
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0",
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 100,
    "a proxy's first line": b"PROXY TCP4 10.0.0.1 10.0.0.2 1 2\r\n" + GOOD,
    "nothing but line ends": b"\r\n" * 100,
    "NULs": b"\0" * 10_000,
    "a first line of 1 MB": b"GET /" + b"a" * 1_000_000,
    "a version that is none": b"GET /info HTTP/9.9\r\n" + HOST + b"\r\n",
    "no version": b"GET /info\r\n\r\n",
    "two hosts": b"GET /info HTTP/1.1\r\n" + HOST * 2 + b"\r\n",
    "no host": b"GET /info HTTP/1.1\r\n\r\n",
    "two blanks": b"GET  /info  HTTP/1.1\r\n" + HOST + b"\r\n",
    "a tab": b"GET\t/info\tHTTP/1.1\r\n" + HOST + b"\r\n",
}


@pytest.mark.parametrize("what", RAW)
def test_garbage_reaches_nothing(proxy: RunningProxy, what: str) -> None:
    answers = proxy.send(RAW[what])
    assert [line for line in proxy.engine.lines if line != "GET /version"] == []
    assert_nothing_made(proxy, answers)


def test_requests_in_a_row_are_answered_one_by_one(proxy: RunningProxy) -> None:
    good = b"POST /volumes/create HTTP/1.1\r\n" + HOST + LENGTH + b"\r\n" + BODY
    answers = proxy.send(EVIL + good + b"GET /info HTTP/1.1\r\n" + HOST + b"\r\n" + EVIL + GOOD)
    assert [answer.status for answer in answers] == [403, 200, 403, 403, 200]
    assert [asked.line for asked in proxy.engine.changes] == ["POST /volumes/create"]
    assert proxy.engine.lines[-1] == "GET /version"


def test_a_refused_body_is_not_taken_for_the_next_request(proxy: RunningProxy) -> None:
    inner = b"POST /volumes/create HTTP/1.1\r\n" + HOST + LENGTH + b"\r\n" + BODY
    outer = b"POST /containers/x/exec HTTP/1.1\r\n" + HOST + b"Content-Length: %d\r\n\r\n" % len(inner) + inner
    answers = proxy.send(outer + GOOD)
    assert [answer.status for answer in answers] == [403, 200]
    assert proxy.engine.lines == ["GET /version"]


def test_a_body_that_is_too_long_is_not_taken_for_the_next_request(proxy: RunningProxy) -> None:
    inner = b"POST /volumes/create HTTP/1.1\r\n" + HOST + LENGTH + b"\r\n" + BODY
    outer = VOLUME + b"Content-Length: %d\r\n\r\n" % (2**21 + len(inner)) + b" " * 2**21 + inner
    answers = proxy.send(outer)
    assert [answer.status for answer in answers] == [403]
    assert proxy.engine.asked == []


def test_what_is_too_long_is_told_before_it_has_come(proxy: RunningProxy) -> None:
    with proxy.connect() as connection:
        connection.sendall(VOLUME + b"Content-Length: 4000000000\r\n\r\n" + b" " * (2**20 + 2**17))
        answer = read_answer(connection)
    assert (answer.status, answer.message[-35:]) == (403, "the body is longer than 1048576 bytes"[-35:])
    assert_nothing_made(proxy, [])


def test_the_longest_body_is_one_mebibyte(proxy: RunningProxy) -> None:
    for length, status in ((2**20, 200), (2**20 + 1, 403)):
        assert proxy.ask("POST", "/volumes/create", BODY + b" " * (length - len(BODY))).status == status


def test_chunks_are_put_together(proxy: RunningProxy) -> None:
    chunks = b"".join(b"1\r\n%c\r\n" % byte for byte in BODY) + b"0\r\n\r\n"
    answers = proxy.send(VOLUME + b"Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n" + chunks)
    assert [answer.status for answer in answers] == [200]
    assert proxy.engine.changes[0].headers["Content-Length"] == str(len(proxy.engine.changes[0].body))


def test_chunks_without_an_end_are_told_when_they_are_too_many(proxy: RunningProxy) -> None:
    chunk = b"10000\r\n" + b" " * 2**16 + b"\r\n"
    answers = proxy.send(VOLUME + b"Transfer-Encoding: chunked\r\n\r\n" + chunk * 17)
    assert [answer.status for answer in answers] == [403]
    assert_nothing_made(proxy, answers)


@pytest.mark.parametrize("encoding", ["gzip", "GZIP"])
def test_what_is_compressed_is_judged_as_it_is_when_it_is_not(proxy: RunningProxy, encoding: str) -> None:
    body = accepted()
    body["HostConfig"]["Privileged"] = True
    target = f"/containers/create?name={CONTAINER}"
    assert proxy.ask("POST", target, gzip.compress(encoded(body)), (("Content-Encoding", encoding),)).status == 403
    assert proxy.engine.asked == []
    assert (
        proxy.ask("POST", target, gzip.compress(encoded(accepted())), (("Content-Encoding", encoding),)).status == 200
    )
    assert proxy.engine.changes[0].body[:9] == b'{"Image":'


def test_what_unfolds_to_too_much_is_refused(proxy: RunningProxy) -> None:
    body = gzip.compress(BODY + b" " * 20 * 2**20)
    assert len(body) < 2**15
    answer = proxy.ask("POST", "/volumes/create", body, (("Content-Encoding", "gzip"),))
    assert (answer.status, answer.message[-31:]) == (403, "the body is longer than 1048576 bytes"[-31:])
    assert_nothing_made(proxy, [])


@pytest.mark.parametrize(
    "sent", [b"", b"POST", b"POST /volumes/create HTTP/1.1\r\nHo", VOLUME + LENGTH + b"\r\n" + BODY[:50]]
)
@pytest.mark.parametrize("how", ["close", "wait"])
def test_what_is_never_finished_makes_nothing(proxy: RunningProxy, sent: bytes, how: str) -> None:
    with proxy.connect() as connection:
        connection.sendall(sent)
        if how == "wait":
            assert_nothing_made(proxy, [])
    assert_nothing_made(proxy, [])


def test_what_comes_slowly_is_answered(proxy: RunningProxy) -> None:
    whole = VOLUME + LENGTH + b"Connection: close\r\n\r\n" + BODY
    with proxy.connect() as connection:
        for start in range(0, len(whole), 7):
            connection.sendall(whole[start : start + 7])
            time.sleep(0.001)
        assert read_answer(connection).status == 200
    assert len(proxy.engine.changes) == 1


def test_many_who_wait_keep_nobody_out(proxy: RunningProxy) -> None:
    waiting = [proxy.connect() for _ in range(100)]
    try:
        for connection in waiting:
            connection.sendall(VOLUME + LENGTH)
        assert_nothing_made(proxy, [])
    finally:
        for connection in waiting:
            connection.close()
    assert_nothing_made(proxy, [])


def test_who_expects_to_be_asked_for_the_body_is(proxy: RunningProxy) -> None:
    answers = proxy.send(VOLUME + LENGTH + b"Expect: 100-continue\r\nConnection: close\r\n\r\n", BODY)
    assert [answer.status for answer in answers] == [100, 200]


def test_a_connection_serves_many_requests(proxy: RunningProxy) -> None:
    proxy.engine.add_container(**container())
    with proxy.connect() as connection:
        for _ in range(20):
            connection.sendall(f"GET /v1.41/containers/{CONTAINER}/json HTTP/1.1\r\nHost: docker\r\n\r\n".encode())
            assert read_answer(connection).status == 200
            connection.sendall(b"GET /v1.41/containers/json HTTP/1.1\r\nHost: docker\r\n\r\n")
            assert read_answer(connection).status == 403
    assert proxy.engine.lines == [f"GET /containers/{CONTAINER}/json"] * 20
