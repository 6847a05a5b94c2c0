"""A sample inventory: GET /v1/subjects/KEY gives what subjects.json knows of KEY, else 404."""

import http.server
import json
import pathlib
import urllib.parse

SUBJECTS = json.loads((pathlib.Path(__file__).parent / "subjects.json").read_text())
ROOT = "/v1/subjects/"


class Inventory(http.server.BaseHTTPRequestHandler):
    """One question, one answer."""

    def do_GET(self):
        """The subject, or that there is none."""
        path = urllib.parse.urlsplit(self.path).path
        key = urllib.parse.unquote(path.removeprefix(ROOT)) if path.startswith(ROOT) else None
        subject = SUBJECTS.get(key)
        body = json.dumps({"subject": subject} if subject else {}).encode()
        self.send_response(200 if subject else 404)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        """Nothing: keys of subjects are nobody's log."""


if __name__ == "__main__":
    http.server.ThreadingHTTPServer(("", 8000), Inventory).serve_forever()
