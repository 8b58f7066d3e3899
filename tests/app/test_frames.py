"""Every frame is the frame of that number, whatever the container, in any order."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest

from mohart.app.check import check_video, checksum
from mohart.app.frames import CHUNK, FrameReader, FrameStore
from mohart.app.places import RefusalError, write_json
from mohart.video import open_source

if TYPE_CHECKING:
    from tests.app.conftest import Served

FRAMES = 40
EVEN = [40 * t for t in range(FRAMES)]
UNEVEN = [int(v) for v in np.cumsum(np.random.default_rng(3).choice([7, 40, 41, 333], FRAMES))]
KINDS = {
    "B-frames": ("a.mp4", EVEN, "libx264", {"bf": "3", "g": "12"}),
    "variable rate": ("b.mp4", UNEVEN, "libx264", {"bf": "2", "g": "250"}),
    "matroska": ("c.mkv", UNEVEN, "libx264", {"bf": "3", "g": "9"}),
    "open groups": ("d.mp4", EVEN, "libx264", {"bf": "3", "x264-params": "open-gop=1:keyint=10"}),
    "mpeg4": ("e.avi", EVEN, "mpeg4", {"bf": "2", "g": "15"}),
}


@pytest.fixture(params=KINDS)
def any_video(
    request: pytest.FixtureRequest, tmp_path: Path, make_video: Callable[..., Path]
) -> Path:
    name, times, codec, options = KINDS[request.param]
    return make_video(tmp_path / name, times, codec=codec, options=options)


@pytest.mark.slow
def test_any_order_gives_the_pixels_of_the_pass_from_front_to_back(any_video: Path) -> None:
    with open_source(any_video) as source:
        frames = list(source)
    assert len(frames) == FRAMES
    assert len({checksum(frame) for frame in frames}) == FRAMES
    reader = FrameReader(any_video, np.array([checksum(f) for f in frames], np.uint32))
    order = [*range(0, FRAMES, 7), *range(FRAMES - 1, -1, -3), 0, 1, 2, FRAMES - 1, 5, 5]
    for number in [*order, *np.random.default_rng(1).permutation(FRAMES)]:
        assert np.array_equal(reader.read(int(number)), frames[number]), number
    reader.close()


def test_a_decoder_that_cannot_seek_is_slow_and_not_wrong(
    clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_source(clip) as source:
        frames = list(source)
    monkeypatch.setattr("mohart.app.frames.FrameReader._sought", lambda *_: iter(frames[:1]))
    reader = FrameReader(clip, np.array([checksum(f) for f in frames], np.uint32))
    for number in (30, 3, 4, 0):
        assert np.array_equal(reader.read(number), frames[number])
    reader.close()


def test_another_video_in_its_place_is_refused(clip: Path) -> None:
    reader = FrameReader(clip, np.zeros(FRAMES, np.uint32))
    with pytest.raises(RefusalError, match="frame 8 is not what it was"):
        reader.read(7)
    reader.close()


def checked_store(folder: Path, path: Path, **options: int) -> FrameStore:
    write_json(folder / "meta.json", {"path": str(path)})
    assert check_video(folder)["status"] == "ready"
    return FrameStore(folder, path, **options)


def test_jpegs_are_of_the_right_frame_and_stay_on_disk(clip: Path, tmp_path: Path) -> None:
    store = checked_store(tmp_path, clip)
    with open_source(clip) as source:
        frames = [frame.astype(int) for frame in source]
    for number in (20, 3, 39):
        shown = cv2.imdecode(np.frombuffer(store.jpeg(number), np.uint8), cv2.IMREAD_COLOR)
        far = [np.abs(shown.astype(int) - frame).mean() for frame in frames]
        assert int(np.argmin(far)) == number
        assert far[number] < 4
    assert np.allclose(store.times, np.arange(FRAMES) / 25, atol=1e-6)
    store.close()
    again = FrameStore(tmp_path, tmp_path / "gone.mp4")  # what is kept needs no video
    assert again.jpeg(20) == store.jpeg(20)
    with pytest.raises(RefusalError, match="no frame 41 of 40"):
        again.jpeg(FRAMES)
    again.close()


def test_the_cache_stays_small(clip: Path, tmp_path: Path) -> None:
    store = checked_store(tmp_path, clip, limit=1)
    first = store.jpeg(0)
    store.jpeg(FRAMES - 1)
    kept = list((tmp_path / "cache").iterdir())
    assert len(kept) == CHUNK
    assert store.jpeg(0) == first
    store.close()


def test_a_folder_of_images(tmp_path: Path, clip: Path) -> None:
    folder = tmp_path / "images"
    folder.mkdir()
    with open_source(clip) as source:
        for number, frame in enumerate(source):
            cv2.imwrite(str(folder / f"{number}.png"), frame)
    store = checked_store(tmp_path, folder)
    wanted = cv2.imread(str(folder / "17.png"))
    shown = cv2.imdecode(np.frombuffer(store.jpeg(17), np.uint8), cv2.IMREAD_COLOR)
    assert np.abs(shown.astype(int) - wanted).mean() < 4
    store.close()


def test_a_damaged_index_is_said(clip: Path, tmp_path: Path) -> None:
    checked_store(tmp_path, clip).close()
    (tmp_path / "index.npz").write_bytes(b"PK\3\4 but no more")
    with pytest.raises(RefusalError, match="index of this video is damaged"):
        FrameStore(tmp_path, clip)


def test_frames_over_the_wire(served: Served, video: str) -> None:
    answer = served.client.get(f"/api/videos/{video}/frames/25")
    assert answer.headers["content-type"] == "image/jpeg"
    assert float(answer.headers["x-time"]) == pytest.approx(1.0)
    for number in ("40", "1000001", "-1", "1.5", "x"):
        assert served.client.get(f"/api/videos/{video}/frames/{number}").status_code in (404, 422)
