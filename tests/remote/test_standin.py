from __future__ import annotations

import pytest
import requests

from annokit.remote.standin import FAULTS, Fault, StandIn
from tests.remote.samples import png

KEY = ("seq/1", "frame ü")
PNG = png()


def token(server: StandIn) -> dict[str, str]:
    form = {"username": server.username, "password": server.password}
    answer = requests.post(f"{server.domain}/auth/jwt/login", data=form, timeout=10)
    return {"Authorization": f"bearer {answer.json()['access_token']}"}


def ask(server: StandIn, headers: dict[str, str], **more: str) -> requests.Response:
    query = {"workspace_id": "w", "presigned_url": "True", **more}
    url = f"{server.domain}/sequences/seq%2F1/frames/frame%20%C3%BC"
    return requests.get(url, params=query, headers=headers, timeout=10)


def signed(server: StandIn) -> str:
    return str(ask(server, token(server)).json()["frame"]["frame_path"])


@pytest.mark.parametrize("process", [False, True])
def test_the_vendors_script_works_against_it(process: bool) -> None:
    with StandIn({KEY: PNG}, process=process) as server:
        url = signed(server)
        assert server.domain != server.storage
        assert url.startswith(server.storage)
        assert requests.get(url, timeout=10).content == PNG
        assert [(seen.place, seen.key, seen.status) for seen in server.log()] == [
            ("login", None, 200),
            ("api", KEY, 200),
            ("storage", KEY, 200),
        ]
        assert server.count("api") == 1


def test_it_refuses_what_the_platform_refuses() -> None:
    with StandIn({KEY: PNG}, workspace="right") as server:
        form = {"username": server.username, "password": "wrong"}
        assert requests.post(f"{server.domain}/auth/jwt/login", data=form, timeout=10).status_code == 400
        headers = token(server)
        assert ask(server, {}).status_code == 401
        assert ask(server, {"Authorization": "bearer x"}).status_code == 401
        assert ask(server, headers).status_code == 403
        answer = ask(server, headers, workspace_id="right")
        url = answer.json()["frame"]["frame_path"]
        assert requests.get(url, headers=headers, timeout=10).status_code == 400
        assert requests.get(url[:-3], timeout=10).status_code == 403
        assert requests.get(url.partition("?")[0], timeout=10).status_code == 403
        assert requests.get(f"{server.domain}/else", timeout=10).status_code == 404
        unsigned = ask(server, headers, workspace_id="right", presigned_url="False")
        assert unsigned.json()["frame"]["frame_path"].startswith("s3://")


def test_tokens_and_urls_expire() -> None:
    with StandIn({KEY: PNG}, token_requests=2, url_seconds=-1) as server:
        headers = token(server)
        assert [ask(server, headers).status_code for _ in range(3)] == [200, 200, 401]
        answer = requests.get(signed(server), timeout=10)
        assert answer.status_code == 403
        assert "expired" in answer.text
    with StandIn({KEY: PNG}, token_seconds=-1) as server:
        assert ask(server, token(server)).status_code == 401


def test_ranges() -> None:
    with StandIn({KEY: PNG}) as server:
        url = signed(server)
        etag = requests.get(url, timeout=10).headers["ETag"]
        part = requests.get(url, headers={"Range": "bytes=100-", "If-Range": etag}, timeout=10)
        assert (part.status_code, part.content) == (206, PNG[100:])
        assert part.headers["Content-Range"] == f"bytes 100-{len(PNG) - 1}/{len(PNG)}"
        other = requests.get(url, headers={"Range": "bytes=100-", "If-Range": '"other"'}, timeout=10)
        assert (other.status_code, other.content) == (200, PNG)
        beyond = requests.get(url, headers={"Range": "bytes=999999-"}, timeout=10)
        assert beyond.status_code == 416
    with StandIn({KEY: PNG}, ranges=False) as server:
        whole = requests.get(signed(server), headers={"Range": "bytes=100-"}, timeout=10)
        assert (whole.status_code, "ETag" in whole.headers) == (200, False)


@pytest.mark.parametrize("kind", sorted(kind for kind, (place, _) in FAULTS.items() if place == "storage"))
def test_each_fault_happens_once(kind: str) -> None:
    with StandIn({KEY: PNG}, faults={KEY: [Fault(kind, seconds=0.01)]}) as server:
        url = signed(server)
        try:
            first = requests.get(url, timeout=10)
            spoiled = (first.status_code, first.content) != (200, PNG)
        except requests.RequestException:
            spoiled = True
        assert spoiled or kind == "slow"
        assert requests.get(url, timeout=10).content == PNG
        assert [seen.fault for seen in server.log()] == [None, None, kind, None]


def test_faults_happen_at_their_place() -> None:
    with StandIn({KEY: PNG}, faults={KEY: ["500", Fault("500", at="api"), "no-path"]}) as server:
        headers = token(server)
        assert ask(server, headers).status_code == 500
        assert ask(server, headers).json() == {"frame": {"frame_path": None}}
        url = ask(server, headers).json()["frame"]["frame_path"]
        assert requests.get(url, timeout=10).status_code == 500
        assert requests.get(url, timeout=10).status_code == 200


def test_unknown_faults_are_refused() -> None:
    with pytest.raises(ValueError, match=r"'nothing'; expected one of .*truncated"):
        Fault("nothing")
    with pytest.raises(ValueError, match="expected one of login, api, storage"):
        Fault("500", at="moon")


def test_frames_can_be_a_function() -> None:
    with StandIn(lambda sequence, frame: PNG if (sequence, frame) == KEY else None) as server:
        assert requests.get(signed(server), timeout=10).content == PNG
        other = f"{server.domain}/sequences/a/frames/b?workspace_id=w&presigned_url=True"
        assert requests.get(other, headers=token(server), timeout=10).status_code == 404
