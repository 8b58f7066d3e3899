"""What other sites, wrong files and clever names must not be able to do."""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from mohart.app import containers
from mohart.app.places import RefusalError, plain_path
from mohart.app.rooms import Settings
from mohart.app.security import HostRule, is_loopback

if TYPE_CHECKING:
    from tests.app.conftest import Serve, Served

TELL = {"X-Mohart": "1"}
ID = "0123456789abcdef"
READS = ["/", "/api/app", "/api/videos", f"/api/videos/{ID}", f"/api/videos/{ID}/frames/0"]
READS += [f"/api/jobs/{ID}/events", f"/api/jobs/{ID}/export/mot", "/static/app.css"]
WRITES = [
    ("POST", "/api/videos?name=a.mp4"),
    ("DELETE", f"/api/videos/{ID}"),
    ("PUT", f"/api/videos/{ID}/keyframes"),
    ("POST", f"/api/videos/{ID}/jobs"),
    ("POST", f"/api/jobs/{ID}/cancel"),
]
ALL = [*(("GET", path) for path in READS), *WRITES]
TRAVERSALS = [
    *("..", "../..", "%2e%2e", "..%2f..%2f..%2fetc%2fpasswd", "....//....//etc/passwd"),
    *("%2fetc%2fpasswd", "..%5c..%5cwin.ini", "%00", f"{ID}%00", f"{ID}%0a", f"{ID}/..", "."),
    *(ID.upper(), f"{ID}0", ID[:-1], "0123456789abcdeg", "%252e%252e%252f", "~", "meta.json"),
]


def row(frame: int, number: int, *box: float) -> dict[str, Any]:
    """A keyframe as the page sends it; an end where there is no box."""
    return {"frame": frame, "id": number, "box": list(box) or None}


@pytest.fixture(scope="module")
def bare(served: Served) -> Iterator[httpx.Client]:
    """A client that sends nothing by itself."""
    with httpx.Client(base_url=served.url, trust_env=False) as client:
        yield client


@pytest.mark.parametrize(
    "host", ["evil.org", "evil.org:80", "127.0.0.1.evil.org", "localhost.evil.org", "[::1", ""]
)
@pytest.mark.parametrize(("method", "path"), ALL[::3])
def test_another_host_is_refused(bare: httpx.Client, host: str, method: str, path: str) -> None:
    answer = bare.request(method, path, headers={**TELL, "Host": host})
    assert answer.status_code in (400, 421)
    assert ID not in answer.text


def test_no_host_and_two_hosts_are_refused(served: Served) -> None:
    port = httpx.URL(served.url).port
    for head in ("", "Host: 127.0.0.1\r\nHost: evil.org\r\n"):
        with socket.create_connection(("127.0.0.1", int(port or 0))) as line:
            line.sendall(f"GET /api/videos HTTP/1.1\r\n{head}Connection: close\r\n\r\n".encode())
            assert line.recv(100).split()[1] in (b"400", b"421")


def test_the_port_counts_where_it_is_known() -> None:
    rule = HostRule("127.0.0.1", 8000)
    assert rule.allows("127.0.0.1:8000")
    assert not rule.allows("127.0.0.1:8001")
    assert not rule.allows("127.0.0.1")
    assert not rule.allows("127.0.0.1:8000x")
    assert HostRule("0.0.0.0", 80).allows("192.168.3.4")
    assert not HostRule("0.0.0.0", 80).allows("rebound.evil.org")
    assert not HostRule("192.168.3.4", 80).allows("localhost")
    assert not is_loopback("evil.org")


@pytest.mark.parametrize(("method", "path"), ALL)
def test_another_origin_is_refused(bare: httpx.Client, method: str, path: str) -> None:
    port = bare.base_url.port
    for origin in ("http://evil.org", "null", f"https://127.0.0.1:{port}", "http://127.0.0.1:1"):
        answer = bare.request(method, path, headers={**TELL, "Origin": origin})
        assert answer.status_code == 403, origin
    own = bare.request(method, path, headers={**TELL, "Origin": f"http://127.0.0.1:{port}"})
    assert own.status_code != 403


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_requests_from_other_sites_are_refused_but_links_open_the_page(
    bare: httpx.Client, site: str
) -> None:
    for path in READS[1:]:
        assert bare.get(path, headers={"Sec-Fetch-Site": site}).status_code == 403
    assert bare.get("/", headers={"Sec-Fetch-Site": site}).status_code == 200


@pytest.mark.parametrize(("method", "path"), WRITES)
def test_a_form_of_another_site_can_change_nothing(
    bare: httpx.Client, method: str, path: str
) -> None:
    answer = bare.request(method, path, content=b"{}")
    assert answer.status_code == 403
    assert "X-Mohart" in answer.json()["error"]


def test_every_answer_has_the_headers(bare: httpx.Client) -> None:
    for path in [*READS, "/nothing", "/api/videos/x"]:
        headers = bare.get(path).headers
        assert headers["content-security-policy"].startswith(
            "default-src 'none'; script-src 'self'"
        )
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
    for path in ("/docs", "/redoc", "/openapi.json"):
        assert bare.get(path).status_code == 404


@pytest.mark.slow
def test_beyond_this_machine_a_token_is_needed(serve: Serve, tmp_path: Path) -> None:
    with (
        serve(tmp_path / "data", host="0.0.0.0", token="s3cret") as running,
        httpx.Client(base_url=running.url, headers=TELL, trust_env=False) as client,
    ):
        for method, path in ALL:
            assert client.request(method, path).status_code == 403, path
            for wrong in ("", "s3cre", "s3cret0", "%00", "é"):
                mark = "&" if "?" in path else "?"
                answer = client.request(method, f"{path}{mark}token={wrong}")
                assert answer.status_code == 403
            cookie = {"Cookie": "mohart-0=nonsense"}
            assert client.request(method, path, headers=cookie).status_code == 403
        assert "token" in client.get("/").text
        page = client.get("/?token=s3cret")
        assert page.status_code == 200
        assert "HttpOnly" in page.headers["set-cookie"]
        assert "SameSite=Strict" in page.headers["set-cookie"]
        assert client.get("/api/videos").json() == []  # the cookie does it from here on


@pytest.mark.slow
@pytest.mark.parametrize("bad", TRAVERSALS)
def test_no_parameter_leads_out_of_the_folder(
    served: Served, video: str, bad: str, tmp_path: Path
) -> None:
    paths = [
        ("GET", f"/api/videos/{bad}"),
        ("DELETE", f"/api/videos/{bad}"),
        ("GET", f"/api/videos/{bad}/frames/0"),
        ("GET", f"/api/videos/{video}/frames/{bad}"),
        ("GET", f"/api/videos/{bad}/keyframes"),
        ("PUT", f"/api/videos/{bad}/keyframes"),
        ("GET", f"/api/videos/{bad}/jobs"),
        ("POST", f"/api/videos/{bad}/jobs"),
        ("GET", f"/api/jobs/{bad}"),
        ("POST", f"/api/jobs/{bad}/cancel"),
        ("GET", f"/api/jobs/{bad}/events"),
        ("GET", f"/api/jobs/{bad}/export/mot"),
        ("GET", f"/api/jobs/{ID}/export/{bad}"),
        ("GET", f"/static/{bad}"),
    ]
    before = sorted(served.rooms.videos.folder.parent.rglob("*"))
    for method, path in paths:
        url = httpx.URL(served.url)
        line = HTTPConnection(url.host, url.port, timeout=20)  # httpx would tidy the path
        line.request(method, path, headers=TELL)
        answer = line.getresponse()
        text = answer.read().decode()
        line.close()
        assert answer.status in (400, 404, 405, 415, 422), (path, text)
        assert "root:" not in text
    assert sorted(served.rooms.videos.folder.parent.rglob("*")) == before


@pytest.mark.slow
def test_names_of_uploads_are_words_and_no_paths(served: Served, clip: Path) -> None:
    video = served.upload(clip, "../../../etc/<img src=x onerror=alert(1)>\x00\n.mp4")
    about = served.client.get(f"/api/videos/{video}").json()
    assert about["name"] == ".. .. .. etc <img src=x onerror=alert(1)> .mp4"
    names = sorted(path.name for path in served.rooms.videos.place(video).iterdir())
    assert names == ["check.json", "index.npz", "meta.json", "source.mp4"] or names == [
        *("check.json", "index.npz", "meta.json", "progress.json", "source.mp4")
    ]


@pytest.mark.slow
def test_links_in_the_folder_are_not_followed(served: Served, clip: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "meta.json").write_text('{"name": "secret", "source": "source.mp4"}')
    videos = served.rooms.videos.folder
    (videos / ID).symlink_to(outside)
    assert served.client.get(f"/api/videos/{ID}").status_code == 404
    assert served.client.delete(f"/api/videos/{ID}").status_code == 404
    assert all(about["name"] != "secret" for about in served.client.get("/api/videos").json())
    (videos / ID).unlink()

    video = served.upload(clip)
    served.draw(video, [row(0, 1, 10, 30, 30, 60)])
    job = served.track(video, 1).json()["id"]
    assert served.ended(job)["status"] == "done"
    tracks = served.rooms.jobs.place(job) / "result" / "tracks.txt"
    tracks.unlink()
    tracks.symlink_to("/etc/passwd")
    answer = served.client.get(f"/api/jobs/{job}/export/mot")
    assert answer.status_code == 404
    assert "root:" not in answer.text
    with pytest.raises(RefusalError):
        plain_path(tmp_path, "a", "..", "b")


@pytest.fixture
def narrow(serve: Serve, tmp_path: Path) -> Iterator[Served]:
    """A server that takes 5000 bytes."""
    with serve(
        tmp_path / "data", settings=Settings(tracker="static", upload_bytes=5000)
    ) as running:
        yield running


def test_uploads_end_at_the_limit(narrow: Served) -> None:
    start = b"\0\0\0\x20ftypisom"
    told = narrow.client.post("/api/videos", content=start + bytes(6000))
    assert told.status_code == 413
    assert "larger than" in told.json()["error"]

    def endless() -> Iterator[bytes]:  # sent in chunks, so without a length
        yield start
        for _ in range(100):
            yield bytes(1000)

    assert narrow.client.post("/api/videos", content=endless()).status_code == 413
    port = httpx.URL(narrow.url).port
    for claim in ("1e3", "-5", "99999999999999999999"):
        with socket.create_connection(("127.0.0.1", int(port or 0))) as line:
            line.sendall(
                f"POST /api/videos HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nX-Mohart: 1\r\n"
                f"Content-Length: {claim}\r\nConnection: close\r\n\r\n".encode()
            )
            assert line.recv(100).split()[1] in (b"400", b"413")
    assert list(narrow.rooms.videos.folder.iterdir()) == []


@pytest.mark.parametrize(
    "content",
    [
        *(b"", b"x", b"#EXTM3U\n#EXT-X-VERSION:3\nfile:///etc/passwd\n", b"PK\3\4" + bytes(600)),
        *(b"\x89PNG\r\n\x1a\n" + bytes(600), b"<html><script>alert(1)</script>", b"\xff" * 5000),
        *(b"ffconcat version 1.0\nfile /etc/passwd\n", b"\0" * 600, b"GIF89a" + bytes(600)),
    ],
)
def test_other_files_than_videos_are_refused(served: Served, content: bytes) -> None:
    before = sorted(served.rooms.videos.folder.iterdir())
    answer = served.client.post("/api/videos", params={"name": "a.mp4"}, content=content)
    assert answer.status_code == 415
    assert "expected mp4" in answer.json()["error"]
    assert sorted(served.rooms.videos.folder.iterdir()) == before


def test_an_upload_that_breaks_off_leaves_nothing(served: Served) -> None:
    before = sorted(served.rooms.videos.folder.iterdir())
    port = httpx.URL(served.url).port
    with socket.create_connection(("127.0.0.1", int(port or 0))) as line:
        line.sendall(
            f"POST /api/videos HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nX-Mohart: 1\r\n"
            "Content-Length: 5000\r\n\r\n".encode()
            + b"\0\0\0\x20ftypisom"
            + bytes(1000)
        )
        served.until(
            lambda: len(list(served.rooms.videos.folder.iterdir())), lambda n: n > len(before)
        )
    served.until(lambda: sorted(served.rooms.videos.folder.iterdir()), lambda now: now == before)


@pytest.mark.slow
def test_broken_videos_are_said_to_be_broken(served: Served, clip: Path, tmp_path: Path) -> None:
    whole = clip.read_bytes()
    cut, noise = tmp_path / "cut.mp4", tmp_path / "noise.mp4"
    cut.write_bytes(whole[: len(whole) // 2])
    noise.write_bytes(struct.pack(">I", 32) + b"ftypisom" + b"\xab" * 5000)
    for path in (cut, noise):
        video = served.upload(path)
        about = served.client.get(f"/api/videos/{video}").json()
        assert about["status"] == "broken"
        assert "damaged" in about["problem"]
        assert str(tmp_path) not in about["problem"]
        assert served.client.get(f"/api/videos/{video}/frames/0").status_code == 409
        assert served.draw(video, [row(0, 1, 1, 1, 9, 9)]).status_code == 409
        assert served.client.delete(f"/api/videos/{video}").status_code == 200
        assert served.client.get(f"/api/videos/{video}").status_code == 404


def test_frames_that_are_too_large_are_refused_by_the_header(
    clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    containers.check_header(clip)
    monkeypatch.setattr(containers, "MAX_PIXELS", 160 * 120 - 1)
    with pytest.raises(RefusalError, match="frames of 160x120 pixels are too large"):
        containers.check_header(clip)


def test_bodies_of_json_are_checked(
    served: Served, video: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = f"/api/videos/{video}/keyframes"
    send = served.client.put
    assert send(path, content=b"{}", headers={"Content-Type": "text/plain"}).status_code == 415
    wrong = [
        *("[]", "{", "null", '{"version": -1, "rows": [], "names": {}}'),
        '{"version": 0, "rows": [], "names": {}, "more": 1}',
        '{"version": 0, "rows": [{"frame": 0, "id": 0, "box": [1, 2, 3, 4]}], "names": {}}',
        '{"version": 0, "rows": [{"frame": 0, "id": 1, "box": [1, 2, NaN, 4]}], "names": {}}',
        '{"version": 0, "rows": [{"frame": 0, "id": 1, "box": [1, 2, 1e300, 4]}], "names": {}}',
        '{"version": 0, "rows": [{"frame": 0, "id": 1, "box": [9, 2, 3, 4]}], "names": {}}',
        '{"version": 0, "rows": [{"frame": 0, "id": 1, "box": [1, 2, 3]}], "names": {}}',
        '{"version": 0, "rows": [{"frame": 40, "id": 1, "box": [1, 2, 9, 9]}], "names": {}}',
        '{"version": 0, "rows": [{"frame": 0, "id": 1, "box": [200, 2, 300, 9]}], "names": {}}',
        '{"version": 0, "rows": [{"frame": -1, "id": 1, "box": null}], "names": {}}',
    ]
    for text in wrong:
        answer = send(path, content=text, headers={"Content-Type": "application/json"})
        assert answer.status_code == 422, text
        assert len(answer.json()["error"]) < 301
    monkeypatch.setattr("mohart.app.bodies.JSON_BYTES", 100)
    assert send(path, json={"names": {"1": "x" * 200}}).status_code == 413
    assert served.client.get(path).json() == {"version": 0, "rows": [], "names": {}}
