"""One file through every fault, on a fake network and without waiting."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import attrs
import pytest

from annokit.limits import Limits
from annokit.media.magic import IMAGE_KINDS
from annokit.remote.delivery import deliver, redirected
from annokit.remote.fake import FakeAnswer, FakeClock, FakeTransport, Script
from annokit.remote.folder import Folder
from annokit.remote.job import Job, Result, Url
from annokit.remote.shelf import Shelf
from annokit.remote.signals import LostError
from annokit.remote.transport import Request
from annokit.remote.wire import Wire
from tests.remote.samples import jpeg, png

URL = "https://storage/a.png"
SIGNED = f"{URL}?X-Amz-Signature=s3cret"
PNG = png()
GOOD = FakeAnswer(200, PNG)
HTML = b"<!DOCTYPE html><html><body>maintenance</body></html>"


@attrs.frozen
class Signed:
    """A source that counts how often it is asked."""

    asked: list[int] = attrs.field(factory=list)
    renewable: bool = True

    def locate(self, wire: Wire) -> Request:
        self.asked.append(1)
        return Request(f"{URL}?X-Amz-Signature={len(self.asked)}")


@attrs.define(slots=False)
class Try:
    """One delivery over a fake network."""

    folder: Path
    limits: Limits = attrs.field(factory=Limits)
    clock: FakeClock = attrs.field(factory=FakeClock)
    transport: FakeTransport = attrs.field(init=False)

    def run(self, script: Script, job: Job | None = None, **more: Script) -> Result:
        self.transport = FakeTransport({URL: script, **{f"https://{k}/a.png": v for k, v in more.items()}})
        wire = Wire(self.transport, 4, self.limits, self.clock)
        shelf = Shelf.at(Folder(self.folder))
        try:
            return deliver(0, job or Job("key", "a.png", Url.of(SIGNED), IMAGE_KINDS), wire, shelf)
        finally:
            shelf.close()

    def left(self) -> list[str]:
        return sorted(path.name for path in self.folder.iterdir())


@pytest.fixture
def attempt(tmp_path: Path) -> Try:
    return Try(tmp_path)


def test_a_good_answer_is_stored_as_received(attempt: Try) -> None:
    result = attempt.run([GOOD])
    assert (result.status, result.path, result.bytes, result.attempts) == ("done", "a.png", len(PNG), 1)
    assert result.size == (37, 23)
    assert (attempt.folder / "a.png").read_bytes() == PNG
    assert attempt.left() == ["a.png", "annokit-fetch.jsonl"]


def test_what_is_complete_is_not_asked_again(attempt: Try) -> None:
    attempt.run([GOOD])
    result = attempt.run([FakeAnswer(500)])
    assert (result.status, result.path, result.attempts) == ("skipped", "a.png", 0)
    assert attempt.transport.requests == []


def test_what_was_changed_is_fetched_again(attempt: Try) -> None:
    attempt.run([GOOD])
    (attempt.folder / "a.png").write_bytes(b"short")
    assert attempt.run([GOOD]).status == "done"
    assert (attempt.folder / "a.png").read_bytes() == PNG


@pytest.mark.parametrize(
    "fault",
    [
        *(FakeAnswer(status) for status in (408, 425, 429, 500, 502, 503, 504)),
        FakeAnswer(429, headers={"Retry-After": "3"}),
        FakeAnswer(error="connection reset"),
        FakeAnswer(200, PNG, sent=100),
        FakeAnswer(200, PNG[:100], {"Content-Length": str(len(PNG))}),
        FakeAnswer(200, PNG[:-12]),
        FakeAnswer(200, PNG[:40]),
        FakeAnswer(200, HTML, {"Content-Type": "text/html"}),
        FakeAnswer(200, HTML, {"Content-Type": "image/png"}),
        FakeAnswer(200, b"sorry, we are closed", {"Content-Type": "text/html"}),
        FakeAnswer(200, b""),
        FakeAnswer(200, b"\0" * len(PNG)),
        FakeAnswer(200, b"%PDF-1.4 ..."),
        FakeAnswer(200, b"x"),
        FakeAnswer(206, PNG, {"Content-Range": f"bytes 0-9/{len(PNG)}"}),
        FakeAnswer(416),
    ],
)
def test_passing_faults_are_survived_and_for_good_they_are_failures(attempt: Try, fault: FakeAnswer) -> None:
    result = attempt.run([fault])
    assert (result.status, result.attempts) == ("failed", Limits().attempts)
    assert "given up after 8 attempts" in (result.reason or "")
    assert attempt.left() == []
    result = attempt.run([fault, fault, GOOD])
    assert (result.status, result.attempts) == ("done", 3)
    assert (attempt.folder / "a.png").read_bytes() == PNG


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 418, 301])
def test_refusals_are_not_tried_again(attempt: Try, status: int) -> None:
    result = attempt.run([FakeAnswer(status)])
    assert (result.status, result.attempts) == ("failed", 1)
    assert f"HTTP status {status}" in (result.reason or "")
    assert attempt.left() == []


def test_no_reason_holds_a_signature(attempt: Try) -> None:
    for answer in (FakeAnswer(403), FakeAnswer(500), FakeAnswer(error="reset"), FakeAnswer(301)):
        assert "s3cret" not in (attempt.run([answer]).reason or "")
    attempt.run([GOOD])
    assert "s3cret" not in (attempt.folder / "annokit-fetch.jsonl").read_text()


@pytest.mark.parametrize(
    "refusal",
    [
        FakeAnswer(403, b"<Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>"),
        FakeAnswer(403),
        FakeAnswer(401),
        FakeAnswer(400, b"<Error><Code>ExpiredToken</Code></Error>"),
    ],
)
def test_a_refused_url_is_asked_for_again_a_few_times(attempt: Try, refusal: FakeAnswer) -> None:
    source = Signed()
    result = attempt.run([refusal, refusal, GOOD], Job("key", "a.png", source))
    assert result.status == "done"
    assert len(source.asked) == 3
    assert attempt.clock.waits == []
    source = Signed()
    result = attempt.run([refusal], Job("other", "b.png", source))
    assert result.status == "failed"
    assert "4 fresh URLs" in (result.reason or "")
    assert len(source.asked) == 5


def test_other_bad_requests_are_not_taken_for_expiry(attempt: Try) -> None:
    source = Signed()
    assert attempt.run([FakeAnswer(400, b"<Code>InvalidArgument</Code>")], Job("k", "a", source)).status == "failed"
    assert len(source.asked) == 1


def test_retry_after_is_waited_for(attempt: Try) -> None:
    attempt.run([FakeAnswer(429, headers={"retry-after": "7"}), GOOD])
    assert sum(attempt.clock.waits) >= 7
    attempt.clock.waits.clear()
    attempt.folder.joinpath("a.png").unlink()
    attempt.run([FakeAnswer(503, headers={"Retry-After": "99999"}), GOOD])
    assert Limits().retry_after <= sum(attempt.clock.waits) < Limits().retry_after + 5


def etag(body: bytes, **facts: object) -> FakeAnswer:
    return FakeAnswer(200, body, {"ETag": '"v1"', "Accept-Ranges": "bytes"}, **facts)  # type: ignore[arg-type]


def rest(body: bytes, start: int, tag: str = '"v1"') -> FakeAnswer:
    headers = {"Content-Range": f"bytes {start}-{len(body) - 1}/{len(body)}", "ETag": tag}
    return FakeAnswer(206, body[start:], headers)


def ranges(attempt: Try) -> Sequence[tuple[str | None, str | None]]:
    return [(r.headers.get("Range"), r.headers.get("If-Range")) for r in attempt.transport.requests]


def test_a_cut_body_is_continued(attempt: Try) -> None:
    assert attempt.run([etag(PNG, sent=1000), rest(PNG, 1000)]).status == "done"
    assert (attempt.folder / "a.png").read_bytes() == PNG
    assert ranges(attempt) == [(None, None), ("bytes=1000-", '"v1"')]


def test_a_server_that_ignores_the_range_is_read_from_the_start(attempt: Try) -> None:
    assert attempt.run([etag(PNG, sent=1000), etag(PNG)]).status == "done"
    assert (attempt.folder / "a.png").read_bytes() == PNG


def test_a_new_version_is_never_spliced_to_an_old_one(attempt: Try) -> None:
    new = png(5)
    script = [etag(PNG, sent=1000), rest(new, 1000, '"v2"'), FakeAnswer(200, new, {"ETag": '"v2"'})]
    assert attempt.run(script).status == "done"
    assert (attempt.folder / "a.png").read_bytes() == new
    assert ranges(attempt)[2] == (None, None)


def test_a_weak_or_missing_etag_is_not_trusted(attempt: Try) -> None:
    for headers in ({}, {"ETag": 'W/"v1"'}, {"ETag": '"v1"', "Accept-Ranges": "none"}):
        attempt.run([FakeAnswer(200, PNG, headers, sent=1000), GOOD])
        assert ranges(attempt)[1] == (None, None)
        (attempt.folder / "a.png").unlink()


def test_a_range_that_can_not_be_satisfied_begins_anew(attempt: Try) -> None:
    assert attempt.run([etag(PNG, sent=1000), FakeAnswer(416), GOOD]).status == "done"
    assert ranges(attempt)[2] == (None, None)


def test_attempts_are_refilled_while_bytes_arrive(attempt: Try) -> None:
    attempt.limits = Limits(attempts=2)
    steps = list(range(100, len(PNG), 100))
    script = [etag(PNG, sent=100)]
    script += [attrs.evolve(rest(PNG, at), sent=100, error="reset") for at in steps[:-1]]
    result = attempt.run([*script, rest(PNG, steps[-1])])
    assert (result.status, result.attempts) == ("done", len(steps) + 1)
    assert (attempt.folder / "a.png").read_bytes() == PNG


def test_the_same_bytes_again_are_no_progress(attempt: Try) -> None:
    assert attempt.run([FakeAnswer(200, PNG, sent=1000)]).attempts == Limits().attempts


def test_a_stated_length_is_checked(attempt: Try) -> None:
    result = attempt.run([GOOD], Job("k", "a.png", Url.of(URL), length=len(PNG) + 1))
    assert result.status == "failed"
    assert "expected" in (result.reason or "")


def test_a_jpeg_gets_its_own_suffix(attempt: Try) -> None:
    result = attempt.run([FakeAnswer(200, jpeg())])
    assert (result.status, result.path) == ("done", "a.jpg")


def test_a_kind_that_is_not_wanted_fails(attempt: Try) -> None:
    job = Job("k", "a.png", Url.of(URL), frozenset({"png"}))
    assert "jpeg; expected png" in (attempt.run([FakeAnswer(200, jpeg())], job).reason or "")


def test_anything_but_a_web_page_is_fine_where_no_kind_is_stated(attempt: Try) -> None:
    assert attempt.run([FakeAnswer(200, b"1 2 3")], Job("k", "a.txt", Url.of(URL))).status == "done"
    assert attempt.run([FakeAnswer(200, HTML)], Job("l", "b.txt", Url.of(URL))).status == "failed"


def test_somebody_elses_file_is_not_overwritten(attempt: Try) -> None:
    (attempt.folder / "a.png").write_bytes(b"mine")
    result = attempt.run([GOOD])
    assert result.status == "done"
    assert (attempt.folder / "a.png").read_bytes() == b"mine"
    assert (attempt.folder / (result.path or "")).read_bytes() == PNG
    assert attempt.run([]).path == result.path


def test_the_same_file_without_an_entry_is_adopted(attempt: Try) -> None:
    (attempt.folder / "a.png").write_bytes(PNG)
    assert attempt.run([GOOD]).path == "a.png"


@pytest.mark.parametrize("name", ["../a.png", "/etc/a.png", "a/../../b.png", "a\0b"])
def test_names_can_not_leave_the_folder(attempt: Try, name: str) -> None:
    result = attempt.run([GOOD], Job("k", name, Url.of(URL)))
    assert result.status == "failed"
    assert not (attempt.folder.parent / "a.png").exists()


def test_links_can_not_lead_out_either(attempt: Try, tmp_path_factory: pytest.TempPathFactory) -> None:
    outside = tmp_path_factory.mktemp("outside")
    (attempt.folder / "link").symlink_to(outside)
    assert attempt.run([GOOD], Job("k", "link/sub/a.png", Url.of(URL))).status == "failed"
    assert list(outside.glob("*.png")) == []


def test_redirects_are_followed_without_secrets(attempt: Try) -> None:
    job = Job("k", "a.png", Url(Request(SIGNED, headers={"Authorization": "x", "Cookie": "y"})))
    moved = FakeAnswer(302, headers={"Location": "https://cdn/a.png?sig=1"})
    assert attempt.run([moved], job, cdn=[GOOD]).status == "done"
    assert attempt.transport.requests[1].headers == {}


def test_redirects_on_the_same_host_keep_their_headers() -> None:
    from annokit.remote.fake import FakeResponse

    asked = Request(SIGNED, headers={"Authorization": "x"})
    there = redirected(asked, FakeResponse(FakeAnswer(307, headers={"Location": "/b.png"})))
    assert (there.url, there.headers) == ("https://storage/b.png", {"Authorization": "x"})


@pytest.mark.parametrize("place", ["http://storage/a.png", "file:///etc/passwd", "ftp://x/a", None])
def test_unsafe_redirects_are_refused(place: str | None) -> None:
    from annokit.remote.fake import FakeResponse

    with pytest.raises(LostError):
        redirected(Request(SIGNED), FakeResponse(FakeAnswer(302, headers={"Location": place} if place else {})))


def test_redirects_in_a_circle_end(attempt: Try) -> None:
    result = attempt.run([FakeAnswer(302, headers={"Location": SIGNED})])
    assert "more than 5 redirects" in (result.reason or "")


def test_a_body_that_trickles_is_cut(attempt: Try) -> None:
    class Slow(FakeClock):
        def now(self) -> float:
            self._now += 20.0
            return self._now

    attempt.clock = Slow()
    attempt.limits = Limits(chunk_bytes=16)
    assert "too slowly" in (attempt.run([GOOD]).reason or "")


def test_a_file_beyond_the_limit_fails(attempt: Try) -> None:
    attempt.limits = Limits(download_bytes=1000, chunk_bytes=100)
    assert "larger than 1,000 bytes" in (attempt.run([GOOD]).reason or "")
