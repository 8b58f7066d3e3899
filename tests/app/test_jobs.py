"""Jobs: two tabs, killed workers, killed servers, and what is taken away in the end."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from mohart.app.jobs import ATTEMPTS, KEPT
from mohart.app.places import read_json, write_json
from mohart.app.rooms import Settings
from mohart.assembly import build_tracker
from mohart.formats.keyframes import read_keyframes
from mohart.formats.mot.tracks import read_mot
from mohart.session.run import track_video
from mohart.video import open_source

if TYPE_CHECKING:
    from tests.app.conftest import Serve, Served

BOX = (10.0, 30.0, 30.0, 60.0)


def row(frame: int, number: int, *box: float) -> dict[str, Any]:
    """A keyframe as the page sends it; an end where there is no box."""
    return {"frame": frame, "id": number, "box": list(box) or None}


def heard(served: Served, job: str, last: str = "") -> list[tuple[str, str, Any]]:
    """Every server-sent event of a job: name, id, content."""
    headers = {"Last-Event-ID": last} if last else {}
    return listen(served, f"/api/jobs/{job}/events", headers)


def listen(served: Served, path: str, headers: dict[str, str]) -> list[tuple[str, str, Any]]:
    events = []
    with served.client.stream("GET", path, headers=headers) as stream:
        for block in "".join(stream.iter_text()).split("\n\n"):
            said = dict(line.split(": ", 1) for line in block.splitlines())
            if "event" in said:
                events.append((said["event"], said.get("id", ""), json.loads(said["data"])))
    return events


@pytest.mark.slow
def test_a_job_from_boxes_to_files(served: Served, clip: Path) -> None:
    video = served.upload(clip, "my clip.mp4")
    rows = [row(2, 1, *BOX), row(5, 2, 100, 70, 116, 100), row(20, 1), row(30, 2, 60, 70, 76, 100)]
    project = served.draw(video, rows).json()
    content = {**project, "names": {"1": "Anna <b>", "2": "Ben"}}
    project = served.client.put(f"/api/videos/{video}/keyframes", json=content).json()
    job = served.track(video, project["version"]).json()["id"]
    events = heard(served, job)
    assert [name for name, _, _ in events][-1] == "end"
    lines = [line for name, _, content in events if name == "boxes" for line in content]
    assert [line[0] for line in lines] == list(range(2, 40))
    at = {line[0]: {r[0]: r[1:5] for r in line[2]} for line in lines}
    assert at[2] == {1: list(BOX)}
    assert set(at[5]) == {1, 2}
    assert set(at[20]) == {2}
    assert at[30][2] == [60, 70, 76, 100]
    middle = next(event for name, event, _ in events if name == "boxes")
    again = heard(served, job, middle)  # as a browser does when its connection was lost
    missed = [line for name, _, content in again if name == "boxes" for line in content]
    assert missed == lines[len(lines) - len(missed) :]
    assert len(missed) < len(lines)
    assert listen(served, f"/api/jobs/{job}/events?after={middle}", {}) == again
    assert served.client.get(f"/api/jobs/{job}/events?after=1:x").status_code == 422

    about = served.client.get(f"/api/jobs/{job}").json()
    assert (about["status"], about["last"], about["first"]) == ("done", 39, 2)
    export = f"/api/jobs/{job}/export"
    result = served.rooms.jobs.place(job) / "result"
    mot = served.client.get(f"{export}/mot")
    assert mot.content == (result / "tracks.txt").read_bytes()
    assert mot.headers["content-disposition"] == 'attachment; filename="my_clip.txt"'
    tracks = read_mot(result / "tracks.txt", kind="results")
    assert len(served.client.get(f"{export}/kitti").text.splitlines()) == len(tracks)
    csv = served.client.get(f"{export}/csv").text.splitlines()
    assert csv[0].split(",")[-2:] == ["state", "name"]
    assert csv[1].endswith("Anna <b>")
    assert len(csv) > len(tracks)
    first, *rest = served.client.get(f"{export}/json").text.splitlines()
    assert json.loads(first)["video"]["length"] == 40
    assert {json.loads(line)["name"] for line in rest} == {"Anna <b>", "Ben"}
    coco = served.client.get(f"{export}/coco").json()
    assert len(coco["annotations"]) == len(tracks)
    assert {a["attributes"]["name"] for a in coco["annotations"]} == {"Anna <b>", "Ben"}
    assert served.client.get(f"{export}/video").content[4:8] == b"ftyp"
    assert served.client.get(f"{export}/exe").status_code == 422


@pytest.mark.slow
def test_two_tabs_and_one_video(served: Served, clip: Path) -> None:
    video = served.upload(clip)
    assert served.draw(video, [row(0, 1, *BOX)]).json()["version"] == 1
    stale = served.draw(video, [row(0, 2, *BOX)])  # drawn from version 0, too
    assert stale.status_code == 409
    assert "another tab" in stale.json()["error"]
    assert stale.json()["current"]["rows"] == [row(0, 1, *BOX)]
    refused = served.track(video, 0)
    assert refused.status_code == 409
    assert refused.json()["current"]["version"] == 1
    first = served.track(video, 1)
    second = served.track(video, 1)
    assert second.status_code == 409
    assert second.json()["job"] == first.json()["id"]
    assert served.ended(first.json()["id"])["status"] == "done"


@pytest.mark.slow
def test_two_tabs_and_two_videos_do_not_disturb_each_other(served: Served, clip: Path) -> None:
    videos = [served.upload(clip) for _ in range(3)]
    for number, video in enumerate(videos, 1):
        served.draw(video, [row(number, number, *BOX)])
    jobs = [served.track(video, 1).json()["id"] for video in videos]
    assert served.client.get(f"/api/jobs/{jobs[2]}").json()["status"] in ("queued", "running")
    for number, (video, job) in enumerate(zip(videos, jobs, strict=True), 1):
        assert served.ended(job)["status"] == "done"
        text = served.client.get(f"/api/jobs/{job}/export/mot").text
        assert text.startswith(f"{number + 1},{number},10.00,30.00,20.00,30.00,")
        assert [j["id"] for j in served.client.get(f"/api/videos/{video}/jobs").json()] == [job]


@pytest.mark.slow
def test_old_results_are_removed(
    served: Served, clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert KEPT > 1
    monkeypatch.setattr("mohart.app.jobs.KEPT", 1)
    video = served.upload(clip)
    served.draw(video, [row(0, 1, *BOX)])
    jobs = []
    for _ in range(3):
        jobs.append(served.track(video, 1).json()["id"])
        served.ended(jobs[-1])
    listed = served.client.get(f"/api/videos/{video}/jobs").json()
    assert [about["id"] for about in listed] == jobs[:0:-1]  # the one it went on from is kept
    assert served.client.get(f"/api/jobs/{jobs[0]}/export/mot").status_code == 404


@pytest.mark.slow
def test_what_cannot_be_tracked_is_refused(served: Served, clip: Path) -> None:
    video = served.upload(clip)
    nothing = served.track(video, 0)
    assert nothing.status_code == 422
    assert "nothing to follow" in nothing.json()["error"]
    assert "known: motion" in served.track(video, 0, detector="../x.onnx").json()["error"]
    assert served.track(video, 0, detect_every=0).status_code == 422
    served.draw(video, [row(3, 7), row(5, 1, *BOX)])
    stray = served.track(video, 1)
    assert stray.status_code == 422
    assert "object 7 ends in frame 4, but was not drawn" in stray.json()["error"]
    # the quickest tracker takes no detections: the job fails, and says why
    job = served.track(video, 1, detector="motion").json()["id"]
    ended = served.ended(job)
    assert ended["status"] == "failed"
    assert "detections" in ended["message"]
    assert served.client.get(f"/api/jobs/{job}/export/mot").status_code == 404


@pytest.mark.slow
def test_what_is_drawn_later_gets_no_number_that_a_detector_gives(
    served: Served, clip: Path
) -> None:
    video = served.upload(clip)
    rows = [row(0, 1, *BOX), row(4, 1, *BOX), row(7, 2, *BOX), row(9, 2), row(9, 1500, *BOX)]
    content = {"version": 0, "rows": rows, "names": {"1": "Anna", "2": "Ben"}}
    served.client.put(f"/api/videos/{video}/keyframes", json=content)
    job = served.track(video, 1, detector="motion").json()
    assert (job["version"], job["detector"]) == (2, "motion")
    project = served.client.get(f"/api/videos/{video}/keyframes").json()
    assert project["version"] == 2
    assert [(r["frame"], r["id"]) for r in project["rows"]] == [
        *((0, 1), (4, 1), (7, 1002), (9, 1002), (9, 1500)),
    ]
    assert project["names"] == {"1": "Anna", "1002": "Ben"}
    served.ended(job["id"])


def running_worker(served: Served, job: str) -> int:
    """The process that works on a job, as soon as there is one."""
    workers = served.rooms.jobs._running
    served.until(lambda: job in workers, lambda there: there)
    return workers[job].pid


@pytest.mark.slow
def test_a_killed_worker_is_a_failed_job(served: Served, clip: Path) -> None:
    video = served.upload(clip)
    served.draw(video, [row(0, 1, *BOX)])
    job = served.track(video, 1).json()["id"]
    os.kill(running_worker(served, job), signal.SIGKILL)
    ended = served.ended(job)
    assert ended["status"] == "failed"
    assert "was killed (signal 9)" in ended["message"]
    assert heard(served, job)[-1][0] == "end"
    again = served.track(video, 1).json()["id"]
    assert served.ended(again)["status"] == "done"


@pytest.mark.slow
def test_jobs_track_with_the_weights_of_the_server(
    serve: Serve, clip: Path, tmp_path: Path
) -> None:
    with serve(tmp_path / "data", settings=Settings(model="fast", device="cpu")) as one:
        video = one.upload(clip)
        one.draw(video, [row(0, 1, *BOX)])
        job = one.track(video, 1).json()["id"]
        assert one.ended(job)["status"] == "done"
        report = read_json(one.rooms.jobs.place(job) / "result" / "run.json")
    assert report["model"]["weights"] == "shipped: fast"
    assert report["options"]["model"] == "fast"


@pytest.mark.slow
def test_a_server_that_ends_lets_nobody_wait(serve: Serve, clip: Path, tmp_path: Path) -> None:
    with serve(tmp_path / "data") as one:
        video = one.upload(clip)
        one.draw(video, [row(0, 1, *BOX)])
        one.rooms.jobs.workers = 0  # so that the job waits in line
        job = one.track(video, 1).json()["id"]
        threading.Timer(0.3, one.rooms.closing.set).start()
        assert [name for name, _, _ in heard(one, job)] == ["job"]


@pytest.mark.slow
def test_cancelling_before_there_is_anything(served: Served, clip: Path) -> None:
    video = served.upload(clip)
    served.draw(video, [row(0, 1, *BOX)])
    job = served.track(video, 1).json()["id"]
    running_worker(served, job)
    assert served.client.post(f"/api/jobs/{job}/cancel").status_code == 200
    assert served.ended(job)["status"] == "cancelled"
    assert served.client.post(f"/api/jobs/{job}/cancel").status_code == 200


@pytest.mark.slow
def test_removing_a_video_removes_its_jobs(served: Served, clip: Path) -> None:
    video = served.upload(clip)
    served.draw(video, [row(0, 1, *BOX)])
    job = served.track(video, 1).json()["id"]
    assert served.client.delete(f"/api/videos/{video}").status_code == 200
    assert served.client.get(f"/api/jobs/{job}").status_code == 404
    assert not list(served.rooms.jobs.folder.glob(f"{job}*"))


@contextmanager
def app_process(folder: Path, *arguments: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """`mohart app` as a process of its own: it, and its address."""
    command = [sys.executable, "-m", "mohart", "app", "--folder", str(folder), *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            found = re.search(r"http://[^\s#]+", server.stdout.readline())
            assert found is not None
            yield server, found.group()
        finally:
            server.kill()


def wait_for(ask: Callable[[], Any], fine: Callable[[Any], bool]) -> Any:
    import time

    deadline = time.monotonic() + 60
    while not fine(now := ask()):
        assert time.monotonic() < deadline, now
        time.sleep(0.05)
    return now


@pytest.mark.slow
def test_a_killed_server_takes_its_jobs_up_again(clip: Path, tmp_path: Path) -> None:
    folder = tmp_path / "data"
    send = {"headers": {"X-Mohart": "1"}, "trust_env": False, "timeout": 30}
    with (
        app_process(folder, str(clip)) as (server, url),
        httpx.Client(base_url=url, **send) as client,  # type: ignore[arg-type]
    ):
        (video,) = [about["id"] for about in client.get("/api/videos").json()]
        path = f"/api/videos/{video}"
        wait_for(lambda: client.get(path).json()["status"], lambda s: s == "ready")
        content = {"version": 0, "rows": [row(3, 4, *BOX)], "names": {"4": "Vier"}}
        assert client.put(f"{path}/keyframes", json=content).status_code == 200
        job = client.post(f"{path}/jobs", json={"version": 1}).json()["id"]
        wait_for(lambda: client.get(f"/api/jobs/{job}").json()["status"], lambda s: s == "running")
        server.kill()
        server.wait()
    assert not (folder / "jobs" / job / "outcome.json").exists()
    with (
        app_process(folder) as (server, url),
        httpx.Client(base_url=url, **send) as client,  # type: ignore[arg-type]
    ):
        ended = wait_for(
            lambda: client.get(f"/api/jobs/{job}").json(), lambda j: j["status"] == "done"
        )
        assert ended["attempt"] == 2
        assert client.get(f"/api/jobs/{job}/export/mot").text.startswith("4,4,10.00,30.00")
        assert client.get(f"{path}/keyframes").json()["names"] == {"4": "Vier"}
        server.send_signal(signal.SIGINT)
        assert server.wait(20) == 0


@pytest.mark.slow
def test_jobs_that_ended_with_the_server_too_often_fail_plainly(
    serve: Serve, clip: Path, tmp_path: Path
) -> None:
    with serve(tmp_path / "data") as one:
        video = one.upload(clip)
        one.draw(video, [row(0, 1, *BOX)])
        job = one.track(video, 1).json()["id"]
        one.ended(job)
        folder = one.rooms.jobs.place(job)
    (folder / "outcome.json").unlink()
    write_json(folder / "job.json", {**read_json(folder / "job.json"), "attempt": ATTEMPTS})
    (tmp_path / "data" / "videos" / "not an id").mkdir()
    with serve(tmp_path / "data") as two:
        ended = two.client.get(f"/api/jobs/{job}").json()
        assert ended["status"] == "failed"
        assert "ended 3 times" in ended["message"]
        assert len(two.client.get("/api/videos").json()) == 1


@pytest.mark.slow
def test_cancelling_keeps_what_was_tracked_and_going_on_equals_a_run_in_one_go(
    serve: Serve, make_video: Callable[..., Path], tmp_path: Path
) -> None:
    long = make_video(tmp_path / "long.mp4", [40 * (t % 60) + 2400 * (t // 60) for t in range(55)])
    with serve(tmp_path / "data", settings=Settings()) as served:
        video = served.upload(long)
        served.draw(video, [row(0, 1, *BOX), row(0, 2, 130, 70, 146, 100)])
        job = served.track(video, 1).json()["id"]
        events = served.rooms.jobs.place(job) / "events-1.jsonl"
        served.until(
            lambda: events.read_text().count("\n") if events.exists() else 0, lambda n: n >= 4
        )
        served.client.post(f"/api/jobs/{job}/cancel")
        ended = served.ended(job)
        assert ended["status"] == "cancelled"
        part = served.client.get(f"/api/jobs/{job}/export/mot").text
        assert part.startswith("1,1,10.00,30.00,20.00,30.00,1.0000")
        whole = served.track(video, 1).json()["id"]
        assert served.ended(whole)["status"] == "done"
        text = served.client.get(f"/api/jobs/{whole}/export/mot").text
        assert text.startswith(part)
        # a correction behind a kept state: the frames before it are taken over
        served.draw(
            video, [row(0, 1, *BOX), row(0, 2, 130, 70, 146, 100), row(52, 2, 20, 70, 40, 99)], 1
        )
        going_on = served.track(video, 2).json()["id"]
        assert served.ended(going_on)["status"] == "done"
        folder = served.rooms.jobs.place(going_on)
        assert json.loads((folder / "result" / "run.json").read_text())["resumed_from"] == 52
        continued = served.client.get(f"/api/jobs/{going_on}/export/mot").text
    keyframes = read_keyframes(folder / "keyframes.csv", frame="all").keyframes
    tracker = build_tracker("mohart", threads=1)
    with open_source(long) as source:
        track_video(source, tracker, keyframes, output=tmp_path / "in-one-go")
    assert continued == (tmp_path / "in-one-go" / "tracks.txt").read_text()
