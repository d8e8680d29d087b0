"""Stands where the web server would: answers with what the proxy sent to it, in JSON."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Echo(BaseHTTPRequestHandler):
    """Tells method, path, headers and the length of the body; `/big` is answered at length."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        length = self._read_body()
        said = {
            "method": self.command,
            "path": self.path,
            "body": length,
            "headers": list(self.headers.items()),
        }
        body = json.dumps({**said, "filling": "lead " * 1000 if self.path == "/big" else ""}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("X-Request-ID", "of-the-application")
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        self.do_GET()

    def _read_body(self) -> int:
        if "chunked" in self.headers.get("Transfer-Encoding", ""):
            return self._read_chunks()
        left = length = int(self.headers.get("Content-Length") or 0)
        while left > 0 and (read := len(self.rfile.read(min(left, 1 << 20)))):
            left -= read
        return length - left

    def _read_chunks(self) -> int:
        total = 0
        while size := int(self.rfile.readline(), 16):
            total += len(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return total

    def log_message(self, *_: object) -> None:
        return


class EchoServer:
    """The server, in a thread, on a free port."""

    def __init__(self) -> None:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Echo)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    @property
    def address(self) -> str:
        """host:port."""
        return f"127.0.0.1:{self._server.server_port}"

    def close(self) -> None:
        """End the server."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
