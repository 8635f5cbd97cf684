"""What the stand-in answers: login, frames, signed storage URLs, and the plan of faults."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import secrets
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from urllib.parse import parse_qs, quote, unquote

import attrs

from annokit.remote.standin.answer import Answer, Question
from annokit.remote.standin.faults import Fault

Key = tuple[str, str]
Frames = Mapping[Key, bytes] | Callable[[str, str], bytes | None]
_FRAME = re.compile(r"/sequences/([^/]+)/frames/([^/]+)")
_STORED = re.compile(r"/frames/([^/]+)/([^/]+)")
_JSON = {"Content-Type": "application/json"}
_DENIED = b'<?xml version="1.0" encoding="UTF-8"?><Error><Code>AccessDenied</Code><Message>%s</Message></Error>'


@attrs.frozen(kw_only=True)
class Plan:
    """How the stand-in behaves."""

    frames: Frames
    """(sequence id, frame id) -> file; or a function of both, importable where the server has its own process."""

    faults: Mapping[Key, Sequence[Fault | str]] = attrs.field(factory=dict)
    """Faults of each frame, made one per request in this order, each at its place."""

    login_faults: Sequence[Fault | str] = ()
    """Faults of the login form."""

    username: str = "demo@example.com"
    password: str = "demo-password"
    workspace: str | None = None
    """The only workspace that is right; None: any."""

    token_requests: int | None = None
    """Calls after which a token expires."""

    token_seconds: float | None = None
    """Seconds after which a token expires."""

    url_seconds: float = 3600.0
    """Seconds after which a signed URL expires."""

    delay: float = 0.0
    """Seconds before every answer."""

    ranges: bool = True
    """Whether storage sends an ``ETag`` and continues a body where it was cut."""

    logging: bool = True
    """Whether requests are kept for :meth:`StandIn.log`."""


@attrs.frozen
class Seen:
    """One request that arrived."""

    place: str
    """``login``, ``api`` or ``storage``."""
    key: Key | None
    """(sequence id, frame id)."""
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    """Names in lower case."""
    status: int
    """What was answered."""
    fault: str | None
    """What was done to it."""


class Platform:
    """The behaviour, without any network."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.storage = ""
        self.seen: list[Seen] = []
        self._secret = secrets.token_bytes(16)
        self._tokens: dict[str, list[float]] = {}
        self._faults = {key: deque(map(_as_fault, faults)) for key, faults in plan.faults.items()}
        self._login_faults = deque(map(_as_fault, plan.login_faults))

    def api(self, question: Question) -> Answer:
        """Answer on the first port."""
        if question.path == "/auth/jwt/login":
            return self._finish("login", None, question, self._login(question))
        found = _FRAME.fullmatch(question.path)
        if not found:
            return self._finish("api", None, question, Answer(404))
        key = (unquote(found[1]), unquote(found[2]))
        return self._finish("api", key, question, self._frame(key, question))

    def store(self, question: Question) -> Answer:
        """Answer on the second port."""
        found = _STORED.fullmatch(question.path)
        key = (unquote(found[1]), unquote(found[2])) if found else None
        return self._finish("storage", key, question, self._file(key, question))

    def _login(self, question: Question) -> Answer:
        form = {name: values[0] for name, values in parse_qs(question.body.decode()).items()}
        if (form.get("username"), form.get("password")) != (self.plan.username, self.plan.password):
            return Answer(400, b'{"detail":"LOGIN_BAD_CREDENTIALS"}', _JSON)
        token = secrets.token_urlsafe(24)
        self._tokens[token] = [time.monotonic(), 0]
        return Answer(200, json.dumps({"access_token": token, "token_type": "bearer"}).encode(), _JSON)

    def _frame(self, key: Key, question: Question) -> Answer:
        if not self._is_valid(question.headers.get("authorization", "")):
            return Answer(401, b'{"detail":"Unauthorized"}', _JSON)
        workspace = question.query.get("workspace_id")
        if not workspace or (self.plan.workspace is not None and workspace != self.plan.workspace):
            return Answer(403, b'{"detail":"Forbidden"}', _JSON)
        if self._bytes(key) is None:
            return Answer(404, b'{"detail":"Not Found"}', _JSON)
        signed = question.query.get("presigned_url", "").lower() == "true"
        path = self._signed(key) if signed else f"s3://bucket/{key[0]}/{key[1]}"
        return Answer(200, json.dumps({"frame": {"id": key[1], "frame_path": path}}).encode(), _JSON)

    def _is_valid(self, header: str) -> bool:
        scheme, _, token = header.partition(" ")
        state = self._tokens.get(token)
        if scheme.lower() != "bearer" or state is None:
            return False
        state[1] += 1
        plan = self.plan
        return (plan.token_requests is None or state[1] <= plan.token_requests) and (
            plan.token_seconds is None or time.monotonic() - state[0] <= plan.token_seconds
        )

    def _signed(self, key: Key) -> str:
        path = f"/frames/{quote(key[0], safe='')}/{quote(key[1], safe='')}"
        until = f"{time.monotonic() + self.plan.url_seconds:.3f}"
        return f"{self.storage}{path}?X-Amz-Expires={until}&X-Amz-Signature={self._signature(path, until)}"

    def _signature(self, path: str, until: str) -> str:
        digest = hmac.new(self._secret, f"{path}\n{until}".encode(), hashlib.sha256).digest()
        return quote(base64.b64encode(digest).decode(), safe="")

    def _file(self, key: Key | None, question: Question) -> Answer:
        body = self._bytes(key) if key else None
        if "authorization" in question.headers:
            return Answer(400, _DENIED % b"Only one auth mechanism allowed")
        until = question.query.get("X-Amz-Expires", "")
        if quote(question.query.get("X-Amz-Signature", ""), safe="") != self._signature(question.path, until):
            return Answer(403, _DENIED % b"SignatureDoesNotMatch")
        if float(until) < time.monotonic():
            return Answer(403, _DENIED % b"Request has expired")
        if body is None:
            return Answer(404)
        return self._ranged(body, question) if self.plan.ranges else Answer(200, body, {"Content-Type": "image/png"})

    def _ranged(self, body: bytes, question: Question) -> Answer:
        etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
        headers = {"Content-Type": "image/png", "ETag": etag, "Accept-Ranges": "bytes"}
        asked = re.fullmatch(r"bytes=(\d+)-", question.headers.get("range", ""))
        if not asked or question.headers.get("if-range", etag) != etag:
            return Answer(200, body, headers)
        start = int(asked[1])
        if start >= len(body):
            return Answer(416, b"", {"Content-Range": f"bytes */{len(body)}"})
        headers["Content-Range"] = f"bytes {start}-{len(body) - 1}/{len(body)}"
        return Answer(206, body[start:], headers)

    def _bytes(self, key: Key) -> bytes | None:
        frames = self.plan.frames
        return frames(*key) if callable(frames) else frames.get(key)

    def _finish(self, place: str, key: Key | None, question: Question, answer: Answer) -> Answer:
        answer = attrs.evolve(answer, delay=answer.delay + self.plan.delay)
        fault = self._fault(place, key)
        if fault is not None:
            answer = fault.spoil(answer)
        if self.plan.logging:
            kind = fault.kind if fault else None
            self.seen.append(Seen(place, key, question.path, question.query, question.headers, answer.status, kind))
        return answer

    def _fault(self, place: str, key: Key | None) -> Fault | None:
        waiting = self._login_faults if place == "login" else self._faults.get(key) if key else None
        found = next((fault for fault in waiting or () if place in ("login", fault.place)), None)
        if found is not None and waiting is not None:
            waiting.remove(found)
        return found


def _as_fault(fault: Fault | str) -> Fault:
    return Fault(fault) if isinstance(fault, str) else fault
