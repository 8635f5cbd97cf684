"""Files served over a connection to this machine."""

import threading
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@contextmanager
def served(
    files: Mapping[str, bytes], asked: list[tuple[str, Any]] | None = None, broken: Collection[str] = ()
) -> Iterator[str]:
    """Serve files by path, whatever the query, and yield the address; any other path is a 404.

    Parameters
    ----------
    files : mapping of str to bytes
        What to serve.
    asked : list, optional
        Gets the path and the ``Range`` of every request.
    broken : collection of str
        Paths whose connection breaks halfway the first time.
    """
    seen: set[str] = set()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = self.path.partition("?")[0]
            body, wanted = files.get(path), self.headers.get("Range")
            if asked is not None:
                asked.append((path, wanted))
            start = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted and body is not None else 0
            self.send_response(404 if body is None else 206 if wanted else 200)
            rest = (body or b"")[start:]
            if wanted and body is not None:
                self.send_header("Content-Range", f"bytes {start}-{len(body) - 1}/{len(body)}")
            self.send_header("Content-Length", str(len(rest)))
            self.send_header("ETag", '"1"')
            self.end_headers()
            if path in broken and path not in seen:
                seen.add(path)
                self.wfile.write(rest[: len(rest) // 2])
                self.close_connection = True
                return
            self.wfile.write(rest)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
