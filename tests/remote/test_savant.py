from __future__ import annotations

import json
import traceback
from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from annokit.errors import AnnokitError, AuthError, FetchError, UsageError
from annokit.limits import Limits
from annokit.remote.fake import FakeAnswer, FakeClock, FakeTransport
from annokit.remote.savant import SavantClient
from annokit.remote.transport import Request
from tests.remote.samples import png

DOMAIN = "https://savant"
LOGIN = f"{DOMAIN}/auth/jwt/login"
FRAME = f"{DOMAIN}/sequences/s1/frames/f1"
FILE = "https://bucket/f1.png"
TOKEN = FakeAnswer(200, b'{"access_token":"t0ken"}')
PLACE = FakeAnswer(200, json.dumps({"frame": {"frame_path": f"{FILE}?sig=s1gned"}}).encode())
HTML = FakeAnswer(200, b"<!DOCTYPE html><html></html>", {"Content-Type": "text/html"})
PNG = png()
Script = dict[str, list[FakeAnswer]]


def client(**answers: list[FakeAnswer]) -> tuple[SavantClient, FakeTransport]:
    script: Script = {
        LOGIN: answers.get("login", [TOKEN]),
        FRAME: answers.get("frame", [PLACE]),
        FILE: answers.get("file", [FakeAnswer(200, PNG)]),
    }
    transport = FakeTransport(script)
    return SavantClient(DOMAIN, "me@x.org", "pa55", transport=transport, clock=FakeClock()), transport


def urls(transport: FakeTransport) -> list[str]:
    return [request.url.partition("?")[0] for request in transport.requests]


def test_the_protocol_to_the_letter() -> None:
    savant, transport = client()
    frame = savant.frame("s1", "f1", "w/1")
    assert frame.read() == PNG
    assert frame.image().size == (37, 23)
    login, ask, file = transport.requests[:3]
    assert (login.method, login.url, login.body) == ("POST", LOGIN, b"username=me%40x.org&password=pa55")
    assert login.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert ask.url == FRAME + "?workspace_id=w%2F1&presigned_url=True"
    assert ask.headers["Authorization"] == "bearer t0ken"
    assert file.url == f"{FILE}?sig=s1gned"
    assert "Authorization" not in file.headers


def test_ids_are_percent_encoded() -> None:
    savant, transport = client()
    with pytest.raises(FetchError):
        savant.frame("../a?b", "ä/#%", "w&x=1")
    parts = urlsplit(transport.requests[-1].url)
    assert parts.path == "/sequences/..%2Fa%3Fb/frames/%C3%A4%2F%23%25"
    assert parse_qs(parts.query)["workspace_id"] == ["w&x=1"]


@pytest.mark.parametrize("status", [400, 401, 403, 422])
def test_refused_credentials_are_not_tried_again(status: int) -> None:
    savant, transport = client(login=[FakeAnswer(status, b'{"detail":"LOGIN_BAD_CREDENTIALS"}')])
    with pytest.raises(AuthError, match="refuses the credentials") as caught:
        savant.login()
    assert caught.value.status == status
    assert urls(transport) == [LOGIN]


@pytest.mark.parametrize("answer", [HTML, FakeAnswer(200, b"{}"), FakeAnswer(200, b'{"access_token":null}')])
@pytest.mark.parametrize("act", [SavantClient.login, lambda c: c.frame("s1", "f1", "w")])
def test_a_login_without_token_is_a_protocol_error(answer: FakeAnswer, act: Callable[[SavantClient], object]) -> None:
    savant, transport = client(login=[answer])
    with pytest.raises(FetchError, match="no access_token"):
        act(savant)
    assert urls(transport) == [LOGIN]


def test_a_login_survives_passing_faults() -> None:
    savant, transport = client(login=[FakeAnswer(503), FakeAnswer(error="reset"), FakeAnswer(429), TOKEN])
    savant.login()
    assert len(transport.requests) == 4
    savant, transport = client(login=[FakeAnswer(500)])
    with pytest.raises(FetchError, match=r"login failed.*given up after 8"):
        savant.login()


def test_no_credentials_is_an_error_before_any_request(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SAVANT_USERNAME", raising=False)
    monkeypatch.delenv("SAVANT_PASSWORD", raising=False)
    transport = FakeTransport({})
    with pytest.raises(AuthError, match="SAVANT_PASSWORD"):
        SavantClient(DOMAIN, transport=transport).login()
    assert transport.requests == []


def test_the_environment_gives_what_is_not_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAVANT_DOMAIN", "https://from-env/")
    monkeypatch.setenv("SAVANT_USERNAME", "u")
    monkeypatch.setenv("SAVANT_PASSWORD", "p")
    transport = FakeTransport({"https://from-env/auth/jwt/login": [TOKEN]})
    SavantClient(transport=transport).login()
    assert transport.requests[0].body == b"username=u&password=p"


@pytest.mark.parametrize("domain", ["http://savant", "savant", "ftp://savant", ""])
def test_the_domain_must_be_https(domain: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SAVANT_DOMAIN", raising=False)
    with pytest.raises(UsageError):
        SavantClient(domain, "u", "p", transport=FakeTransport({}))


def test_a_refused_token_is_renewed_once_and_the_call_replayed() -> None:
    savant, transport = client(
        login=[TOKEN, FakeAnswer(200, b'{"access_token":"second"}')], frame=[FakeAnswer(401), PLACE]
    )
    savant.frame("s1", "f1", "w")
    assert urls(transport) == [LOGIN, FRAME, LOGIN, FRAME]
    assert transport.requests[3].headers["Authorization"] == "bearer second"


def test_a_second_401_fails() -> None:
    savant, transport = client(frame=[FakeAnswer(401)])
    with pytest.raises(AuthError, match="401"):
        savant.frame("s1", "f1", "w")
    assert urls(transport) == [LOGIN, FRAME, LOGIN, FRAME]
    with pytest.raises(AuthError):
        savant.frame("s1", "f1", "w")
    assert urls(transport).count(LOGIN) <= 3


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        (FakeAnswer(403), "no permission"),
        (FakeAnswer(404), "no such frame"),
        (FakeAnswer(302, headers={"Location": "https://sso"}), "302"),
        (FakeAnswer(200, b"{}"), "no signed URL"),
        (FakeAnswer(200, b'{"frame":null}'), "no signed URL"),
        (FakeAnswer(200, b'{"frame":{"frame_path":null}}'), "no signed URL"),
        (FakeAnswer(200, b'{"frame":{"frame_path":"s3://bucket/a.png"}}'), "no signed URL"),
        (FakeAnswer(200, b'{"frame":{"frame_path":"http://bucket/a.png"}}'), "not safe"),
    ],
)
def test_answers_that_no_retry_mends(answer: FakeAnswer, text: str) -> None:
    savant, transport = client(frame=[answer])
    with pytest.raises(FetchError, match=text):
        savant.frame("s1", "f1", "w")
    assert urls(transport) == [LOGIN, FRAME]


@pytest.mark.parametrize("answer", [HTML, FakeAnswer(200, b""), FakeAnswer(200, b"[1]"), FakeAnswer(500)])
def test_answers_that_a_retry_may_mend(answer: FakeAnswer) -> None:
    savant, transport = client(frame=[answer, PLACE])
    assert savant.frame("s1", "f1", "w").read() == PNG
    savant, transport = client(frame=[answer])
    with pytest.raises(FetchError, match="given up"):
        savant.frame("s1", "f1", "w")
    assert urls(transport).count(FRAME) == Limits().attempts


def test_an_expired_url_is_asked_for_again() -> None:
    savant, transport = client(file=[FakeAnswer(403), FakeAnswer(403), FakeAnswer(200, PNG)])
    assert savant.frame("s1", "f1", "w").read() == PNG
    assert urls(transport) == [LOGIN, FRAME, FILE, FRAME, FILE, FRAME, FILE]


def test_the_token_never_leaves_the_domain() -> None:
    moved = FakeAnswer(302, headers={"Location": "https://elsewhere/x"})
    savant, transport = client(file=[moved])
    frame = savant.frame("s1", "f1", "w")
    with pytest.raises(FetchError):
        frame.read()
    for request in transport.requests:
        if not request.url.startswith(DOMAIN):
            assert "t0ken" not in f"{request.url}{dict(request.headers)}{request.body!r}"


@pytest.mark.parametrize(
    "answers",
    [
        {"login": [FakeAnswer(401)]},
        {"login": [FakeAnswer(200, b"{}")]},
        {"frame": [FakeAnswer(401)]},
        {"frame": [FakeAnswer(403)]},
        {"frame": [HTML]},
        {"file": [FakeAnswer(403)]},
        {"file": [FakeAnswer(error="reset")]},
        {"file": [HTML]},
    ],
)
def test_no_secret_shows_anywhere(answers: Script, tmp_path: Path) -> None:
    savant, _ = client(**answers)
    with pytest.raises(AnnokitError) as caught:
        savant.frame("s1", "f1", "w").read()
    texts = ["".join(traceback.format_exception(caught.value)), repr(savant), repr(vars(caught.value))]
    savant, _ = client(**answers)
    try:
        texts += map(repr, savant.download([savant.job("s1", "f1", "w", "a.png")], tmp_path))
    except AnnokitError as error:
        texts += traceback.format_exception(error)
    texts += [path.read_text() for path in tmp_path.iterdir()]
    for text in texts:
        for secret in ("pa55", "t0ken", "s1gned", "me@x.org"):
            assert secret not in text


def test_a_frame_does_not_show_its_signature() -> None:
    savant, _ = client()
    frame = savant.frame("s1", "f1", "w")
    assert "s1gned" in frame.url
    assert "s1gned" not in repr(frame)


def test_a_login_refused_midway_ends_the_run_with_one_try(tmp_path: Path) -> None:
    def answer(request: Request) -> FakeAnswer:
        if request.url == LOGIN:
            return FakeAnswer(400)
        return FakeAnswer(404)

    transport = FakeTransport(answer)
    savant = SavantClient(DOMAIN, "u", "p", transport=transport, clock=FakeClock())
    jobs = [savant.job("s", str(i), "w", f"{i}.png") for i in range(100)]
    with pytest.raises(AuthError, match="refuses the credentials"):
        savant.download(jobs, tmp_path)
    assert urls(transport) == [LOGIN]


def test_one_frame_that_is_refused_fails_alone(tmp_path: Path) -> None:
    def answer(request: Request) -> FakeAnswer:
        if request.url == LOGIN:
            return TOKEN
        if request.url.startswith(FILE):
            return FakeAnswer(200, PNG)
        return FakeAnswer(401) if "/frames/7?" in request.url else PLACE

    transport = FakeTransport(answer)
    with SavantClient(DOMAIN, "u", "p", transport=transport, clock=FakeClock()) as savant:
        jobs = [savant.job("s", str(i), "w", f"{i}.png") for i in range(20)]
        results = savant.download(jobs, tmp_path)
    assert [r.index for r in results if r.status != "done"] == [7]
    assert transport.closed
    assert urls(transport).count(LOGIN) <= 2


def test_a_closed_client_stops() -> None:
    savant, _ = client()
    frame = savant.frame("s1", "f1", "w")
    savant.close()
    with pytest.raises(FetchError, match="closed"):
        frame.read()
    with pytest.raises(FetchError, match="closed"):
        savant.frame("s1", "f1", "w")
