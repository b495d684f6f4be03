#!/usr/bin/env python3
"""Keeps an environment as it was made by an older payctl, and makes it once more.

    recording.py record ENDPOINT FILE STATE -- COMMAND…
    recording.py replay ENDPOINT FILE

`record` runs COMMAND with AWS_ENDPOINT_URL set to a proxy before the emulator at ENDPOINT, and keeps in
FILE what was asked and answered, in the order of the answers, and the state file STATE that it left.
`replay` asks the same of another emulator, with the ids that this one gives in place of those of then, and
prints the state with the same replacements. tests/environments/README.md says what is kept.
"""

import base64
import gzip
import http.client
import json
import os
import re
import subprocess
import sys
import threading
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from xml.etree import ElementTree

# What a request is read by; checksums would be those of other ids.
KEPT = re.compile(r"authorization|content-type|smithy-protocol|x-amz-(?!checksum|sdk|content-sha|date|user).*", re.I)
# What an id is made of, within a text such as an ARN.
TOKEN = re.compile(r"[A-Za-z0-9_-]{6,}")
TIME = re.compile(r"\d{4}-\d\d-\d\dT.*|[\d.]+|\d+Z|[A-Z]+|.*GMT")


class Recorder(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.0"
    upstream, kept, lock = "", [], threading.Lock()

    def _pass(self):
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        headers = {name: value for name, value in self.headers.items() if name.lower() != "connection"}
        status, answered, answer = ask(self.upstream, self.command, self.path, headers, body)
        entry = {
            "method": self.command,
            "path": self.path,
            "headers": {name: value for name, value in headers.items() if KEPT.fullmatch(name)},
            "body": base64.b64encode(body).decode(),
            "status": status,
            "answer": base64.b64encode(answer).decode(),
        }
        with self.lock:
            self.kept.append(entry)
        self.send_response_only(status)
        for name, value in answered:
            if name.lower() not in ("connection", "transfer-encoding", "content-length"):
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer)

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = do_PATCH = _pass

    def log_message(self, *_):
        pass


def ask(host, method, path, headers, body):
    connection = http.client.HTTPConnection(host, timeout=60)
    connection.request(method, path, body=body, headers=headers)
    answer = connection.getresponse()
    try:
        return answer.status, answer.getheaders(), answer.read()
    finally:
        connection.close()


def record(host, file, state, command):
    Recorder.upstream = host
    proxy = ThreadingHTTPServer(("127.0.0.1", 0), Recorder)
    threading.Thread(target=proxy.serve_forever, daemon=True).start()
    endpoint = f"http://127.0.0.1:{proxy.server_port}"
    subprocess.run(command, check=True, env={**os.environ, "AWS_ENDPOINT_URL": endpoint})
    with open(state) as text:
        last = {"state": json.load(text)["state"]}
    # Without the time of the packing, so that the same is packed to the same.
    with gzip.GzipFile(file, "wb", mtime=0) as out:
        for entry in [*Recorder.kept, last]:
            out.write(json.dumps(entry, sort_keys=True).encode() + b"\n")


def texts(answer):
    """Each text of an answer and where it stands."""
    try:
        return list(of_json(json.loads(answer), ()))
    except ValueError:
        pass
    try:
        return list(of_xml(ElementTree.fromstring(answer), ()))
    except ElementTree.ParseError:
        return []


def of_json(value, place):
    if isinstance(value, str):
        yield place, value
    elif isinstance(value, (dict, list)):
        for name, each in value.items() if isinstance(value, dict) else enumerate(value):
            yield from of_json(each, (*place, name))


def of_xml(element, place):
    yield place, element.text or ""
    for nth, each in enumerate(element):
        yield from of_xml(each, (*place, nth, each.tag))


class Ids:
    """The ids of then and those that stand in their places now."""

    def __init__(self):
        self.now, self.pattern = {}, None
        # What payctl said by itself, or is the same each time: no ids, wherever they stand.
        self.fixed = set()

    def learn(self, asked, then, now):
        self.fixed.update(TOKEN.findall(asked))
        seen = dict(texts(now))
        for place, before in texts(then):
            old, new = TOKEN.findall(before), TOKEN.findall(seen.get(place, before))
            if TIME.fullmatch(before) or len(old) != len(new):
                continue
            for one, other in zip(old, new):
                if one == other:
                    self.fixed.add(one)
                elif one not in self.now and one not in self.fixed and not TIME.fullmatch(one):
                    self.now[one], self.pattern = other, None

    def put(self, data):
        if not self.now:
            return data
        if self.pattern is None:
            longest_first = sorted(self.now, key=len, reverse=True)
            self.pattern = re.compile("|".join(map(re.escape, longest_first)).encode())
        return self.pattern.sub(lambda found: self.now[found[0].decode()].encode(), data)


def replay(host, file):
    ids = Ids()
    put = lambda text: ids.put(text.encode()).decode()
    with gzip.open(file, "rt") as lines:
        entries = [json.loads(line) for line in lines]
    last = entries.pop()
    for nth, entry in enumerate(entries):
        headers = {name: put(value) for name, value in entry["headers"].items()}
        body, path = ids.put(base64.b64decode(entry["body"])), put(entry["path"])
        status, _, answer = ask(host, entry["method"], path, headers, body)
        if status != entry["status"] and entry["method"] not in ("GET", "HEAD"):
            sys.exit(f"{nth}: {entry['method']} {path} {body[:300]}: {entry['status']} then, {status} now: {answer}")
        asked = urllib.parse.unquote_plus(entry["path"] + base64.b64decode(entry["body"]).decode(errors="replace"))
        ids.learn(asked, base64.b64decode(entry["answer"]), answer)
    print(put(json.dumps(last["state"])))
    print(f"{len(entries)} calls, {len(ids.now)} ids", file=sys.stderr)


if __name__ == "__main__":
    verb, endpoint, file, *more = sys.argv[1:]
    host = endpoint.removeprefix("http://")
    if verb == "record":
        record(host, file, more[0], more[2:])
    else:
        replay(host, file)
