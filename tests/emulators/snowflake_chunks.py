"""A server that speaks Snowflake's protocol with chunked Arrow results.

It runs no SQL: a folder holds a result per table, and a query gives that of
the last quoted name in it. `python -m … PORT FOLDER`. In a table's folder

    result.json   {"rowtype": […], "rows": [rows of each chunk], "gzip": bool}
    0.arrow …     the chunks: Arrow streams as Snowflake writes them
    faults.json   {"<chunk>": ["drop" | "cut" | "expire" | "busy", …]}: what
                  each of the first requests for the chunk meets
    status.json   {"running": polls, "error": "…"} of each query

and in the folder above `requests.jsonl` tells what was asked for, and
`public.pem`, if there, is the key that logins are held to.
"""

import base64
import gzip
import json
import re
import sys
import threading
import uuid
from collections import Counter
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt

Json = dict[str, Any]
_NAMED = re.compile(r'"([^"]+)"(?!.*")', re.DOTALL)
_SCANNED = re.compile(r"RESULT_SCAN\('([^']+)'\)")


class State:
    """The queries, and how often each thing was asked for."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.guard = threading.Lock()
        self.queries: dict[str, str] = {}
        self.asked: Counter[str] = Counter()
        self.generation: Counter[str] = Counter()

    def count(self, what: str) -> int:
        """How often it was asked for before."""
        with self.guard:
            self.asked[what] += 1
            return self.asked[what] - 1

    def note(self, **request: Any) -> None:
        with self.guard, (self.folder / "requests.jsonl").open("a") as log:
            log.write(json.dumps(request) + "\n")

    def said(self, table: str, name: str) -> Json:
        path = self.folder / table / name
        return json.loads(path.read_text()) if path.exists() else {}


@cache
def _chunk(path: Path) -> bytes:
    return path.read_bytes()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    state: State

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length", 0))
        content = self.rfile.read(length)
        if self.headers.get("Content-Encoding") == "gzip":
            content = gzip.decompress(content)
        body = json.loads(content) if content else {}
        path = urlsplit(self.path).path
        if path == "/session/v1/login-request":
            self._login(body["data"])
        elif path == "/queries/v1/query-request":
            self._query(body)
        else:
            self._answer({"success": True, "data": None, "code": None})

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        _, kind, *rest = parts.path.split("/")
        if kind == "monitoring":
            self._status(rest[-1])
        elif kind == "queries":
            self._result(self.state.queries[rest[0]], rest[0])
        elif kind == "chunks":
            self._send_chunk(rest[0], int(rest[1]), parse_qs(parts.query))
        else:
            self.send_error(404)

    def _login(self, data: Json) -> None:
        key = self.state.folder / "public.pem"
        proof = "key" if data.get("TOKEN") else "password"
        parameters = data.get("SESSION_PARAMETERS")
        self.state.note(login=proof, parameters=parameters)
        if key.exists() and proof == "key":
            try:
                jwt.decode(data["TOKEN"], key.read_text(), ["RS256"])
            except jwt.InvalidTokenError:
                self._refuse("390144", "JWT token is invalid.")
                return
        elif key.exists() and data.get("PASSWORD") != "the password":
            self._refuse("390100", "Incorrect username or password.")
            return
        self._answer(
            {
                "success": True,
                "data": {
                    "token": "t",
                    "masterToken": "m",
                    "parameters": [{"name": "TIMEZONE", "value": "UTC"}],
                    "sessionInfo": {},
                },
            }
        )

    def _query(self, body: Json) -> None:
        sql = body["sqlText"]
        scanned = _SCANNED.search(sql)
        self.state.note(
            sql=sql,
            bindings=body.get("bindings"),
            parameters=body.get("parameters"),
            is_async=body.get("asyncExec", False),
        )
        if scanned:
            self._scan(scanned[1])
            return
        named = _NAMED.search(sql)
        table = named[1].lower() if named else ""
        if not (self.state.folder / table / "result.json").exists():
            self._refuse("002003", f"Object '{table}' does not exist.")
            return
        id = str(uuid.uuid4())
        self.state.queries[id] = table
        if body.get("asyncExec"):
            url = f"/queries/{id}/result"
            data = {"queryId": id, "getResultUrl": url}
            self._answer({"success": True, "code": "333334", "data": data})
        else:
            self._result(table, id)

    def _scan(self, id: str) -> None:
        table = self.state.queries.get(id)
        if table is None:
            self._refuse("000709", f"Statement {id} not found")
        else:
            self._result(table, id)

    def _status(self, id: str) -> None:
        table = self.state.queries.get(id)
        if table is None:
            self._answer({"success": True, "data": {"queries": []}})
            return
        said = self.state.said(table, "status.json")
        polls = self.state.count(f"status {id}")
        query: Json = {"status": "SUCCESS"}
        if polls < said.get("running", 0):
            query = {"status": "RUNNING"}
        elif "error" in said:
            query = {"status": "FAILED_WITH_ERROR", "errorCode": "100035"}
            query["errorMessage"] = said["error"]
        self._answer({"success": True, "data": {"queries": [query]}})

    def _result(self, table: str, id: str) -> None:
        """The first chunk as it is, and where the others are."""
        result = self.state.said(table, "result.json")
        generation = self.state.generation[table]
        first, *others = result["rows"]
        folder = self.state.folder / table
        inline = _chunk(folder / "0.arrow") if first else b""
        if inline[:2] == b"\x1f\x8b":
            inline = gzip.decompress(inline)
        host = f"http://{self.headers['Host']}"
        chunks = [
            {
                "url": f"{host}/chunks/{table}/{i}?generation={generation}",
                "rowCount": rows,
                "uncompressedSize": 0,
                "compressedSize": 0,
            }
            for i, rows in enumerate(others, start=1)
        ]
        self._answer(
            {
                "success": True,
                "data": {
                    "queryId": id,
                    "queryResultFormat": "arrow",
                    "parameters": [],
                    "rowtype": result["rowtype"],
                    "rowsetBase64": base64.b64encode(inline).decode(),
                    "total": sum(result["rows"]),
                    "returned": sum(result["rows"]),
                    "statementTypeId": 4096,
                    **({"chunks": chunks} if chunks else {}),
                },
            }
        )

    def _send_chunk(self, table: str, index: int, query: Json) -> None:
        """The chunk, or what the table's faults say."""
        times = self.state.count(f"chunk {table} {index}")
        faults = self.state.said(table, "faults.json").get(str(index), [])
        fault = faults[times] if times < len(faults) else ""
        if fault == "expire":
            self.state.generation[table] += 1
        if fault == "busy":
            self.send_error(503)
            return
        if int(query["generation"][0]) < self.state.generation[table]:
            self.send_error(403)
            return
        path = self.state.folder / table
        files = self.state.said(table, "result.json").get("files")
        number = 1 + (index - 1) % (files - 1) if files else index
        content = _chunk(path / f"{number}.arrow")
        self.send_response(200)
        whole = len(content) if fault != "cut" else len(content) // 2
        self.send_header("Content-Length", str(whole))
        self.end_headers()
        if fault == "drop":
            self.wfile.write(content[: len(content) // 2])
            self.close_connection = True
        else:
            self.wfile.write(content[:whole])

    def _refuse(self, code: str, message: str) -> None:
        data = {"errorCode": code, "sqlState": "02000"}
        self._answer(
            {"success": False, "code": code, "message": message, "data": data}
        )

    def _answer(self, body: Json) -> None:
        content = json.dumps(body).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: Any) -> None:
        """Nothing: what was asked for is in requests.jsonl."""


def main() -> None:
    port, folder = int(sys.argv[1]), Path(sys.argv[2])
    handler = type("Served", (Handler,), {"state": State(folder)})
    ThreadingHTTPServer(("127.0.0.1", port), handler).serve_forever()


if __name__ == "__main__":
    main()
