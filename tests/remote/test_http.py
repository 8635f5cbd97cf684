from __future__ import annotations

import gzip
import logging
import socket
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from annokit.remote.http import RequestsTransport
from annokit.remote.transport import Request, TransportError, read_all

Handler = Callable[[BaseHTTPRequestHandler], None]


class Server:
    """A plain server whose answers a test writes by hand."""

    def __init__(self) -> None:
        self.act: Handler = lambda request: None
        self.seen: list[dict[str, str]] = []
        outer = self

        class Answerer(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                outer.seen.append({name.lower(): value for name, value in self.headers.items()} | {"path": self.path})
                outer.act(self)

            def log_message(self, *_: object) -> None:
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Answerer)
        self.http.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.http.server_port}"
        threading.Thread(target=self.http.serve_forever, daemon=True).start()


def send(status: int, body: bytes, **headers: str) -> Handler:
    def act(request: BaseHTTPRequestHandler) -> None:
        request.send_response(status)
        for name, value in {"Content_Length": str(len(body)), **headers}.items():
            request.send_header(name.replace("_", "-"), value)
        request.end_headers()
        request.wfile.write(body)

    return act


@pytest.fixture
def server() -> Iterator[Server]:
    found = Server()
    yield found
    found.http.shutdown()
    found.http.server_close()


@pytest.fixture
def transport() -> Iterator[RequestsTransport]:
    found = RequestsTransport(timeout=5)
    yield found
    found.close()


def test_status_headers_and_body_arrive(server: Server, transport: RequestsTransport) -> None:
    server.act = send(207, b"hello" * 1000, X_Thing="1")
    answer = transport.send(Request(server.url + "/a"))
    assert answer.status == 207
    assert answer.headers["x-thing"] == answer.headers["X-Thing"] == "1"
    assert b"".join(answer.chunks(100)) == b"hello" * 1000
    answer.close()


def test_the_url_is_sent_as_it_stands(server: Server, transport: RequestsTransport) -> None:
    server.act = send(200, b"")
    path = "/a%2Fb//c/../d%7E?X=a+b%20c&sig=%2B%2F=&q='x'"
    transport.send(Request(server.url + path)).close()
    assert server.seen[0]["path"] == path


def test_connections_are_kept(server: Server, transport: RequestsTransport) -> None:
    ports = set()
    good = send(200, b"x" * 100_000)

    def act(request: BaseHTTPRequestHandler) -> None:
        ports.add(request.client_address[1])
        good(request)

    server.act = act
    for _ in range(5):
        assert len(read_all(transport.send(Request(server.url)), 1 << 20)) == 100_000
    assert len(ports) == 1


def test_no_netrc_no_cookies_no_redirects(
    server: Server, transport: RequestsTransport, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login me password s3cret\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    server.act = send(302, b"", Location="/other", Set_Cookie="a=b")
    assert transport.send(Request(server.url)).status == 302
    transport.send(Request(server.url)).close()
    assert len(server.seen) == 2
    assert not {"authorization", "cookie"} & set(server.seen[1])


def test_proxies_of_the_environment_are_used(
    server: Server, transport: RequestsTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", server.url)
    monkeypatch.setenv("no_proxy", "")
    server.act = send(200, b"by proxy")
    assert read_all(transport.send(Request("http://far.example/a?b")), 100) == b"by proxy"
    assert server.seen[0]["path"] == "http://far.example/a?b"


def test_a_packed_body_is_unpacked(server: Server, transport: RequestsTransport) -> None:
    server.act = send(200, gzip.compress(b"hello" * 5000), Content_Encoding="gzip")
    assert read_all(transport.send(Request(server.url)), 1 << 20) == b"hello" * 5000


def test_a_cut_body_is_an_error(server: Server, transport: RequestsTransport) -> None:
    def act(request: BaseHTTPRequestHandler) -> None:
        send(200, b"x" * 1000, Content_Length="5000")(request)
        request.close_connection = True

    server.act = act
    answer = transport.send(Request(server.url + "/a?sig=s3cret"))
    got = b""
    pieces = answer.chunks(64)
    while len(got) < 1000:
        got += next(pieces)
    assert got == b"x" * 1000
    with pytest.raises(TransportError, match="ended early") as caught:
        next(pieces)
    assert "s3cret" not in str(caught.value)
    answer.close()


def test_nobody_there(transport: RequestsTransport) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with pytest.raises(TransportError) as caught:
        transport.send(Request(f"http://127.0.0.1:{port}/a?sig=s3cret"))
    assert "refused" in str(caught.value)
    error: BaseException | None = caught.value
    while error is not None:
        assert "s3cret" not in str(error)
        error = error.__cause__ or error.__context__


def test_no_answer_in_time(server: Server) -> None:
    done = threading.Event()
    server.act = lambda request: done.wait(5) and None
    transport = RequestsTransport(timeout=0.2)
    with pytest.raises(TransportError, match="in time") as caught:
        transport.send(Request(server.url))
    assert caught.value.transient
    done.set()
    transport.close()


@pytest.mark.parametrize("url", ["nonsense", "gopher://h/a"])
def test_urls_that_can_not_be_sent_are_not_transient(transport: RequestsTransport, url: str) -> None:
    with pytest.raises(TransportError) as caught:
        transport.send(Request(url))
    assert not caught.value.transient


def test_the_debug_log_holds_no_query(
    server: Server, transport: RequestsTransport, caplog: pytest.LogCaptureFixture
) -> None:
    server.act = send(200, b"")
    with caplog.at_level(logging.DEBUG):
        transport.send(Request(server.url + "/file?sig=s3cret")).close()
    assert "/file" in caplog.text
    assert "s3cret" not in caplog.text


def test_an_answer_beyond_the_limit_is_refused(server: Server, transport: RequestsTransport) -> None:
    server.act = send(200, b"x" * 10_000)
    with pytest.raises(TransportError, match="larger than 1,000 bytes"):
        read_all(transport.send(Request(server.url)), 1000)


def test_the_repr_of_a_request_shows_no_secret() -> None:
    text = repr(Request("https://h/a?sig=s3cret", "POST", {"Authorization": "bearer s3cret"}, b"s3cret"))
    assert "s3cret" not in text
    assert "https://h/a" in text
