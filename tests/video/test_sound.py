"""Sound beside the pictures: copied or coded, from the right moment on, never at their cost."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest

from mohart.keyframes import Keyframes
from mohart.session.run import track_video
from mohart.tracking.baselines.static import StaticTracker
from mohart.video import open_source
from mohart.video.sound import Part, add_sound, has_sound

RATE, SECONDS, SIZE = 25, 4, (64, 48)
DRAWN = Keyframes.from_rows(0, np.array([1]), np.array([[2.0, 3, 22, 33]]))


def write(path: Path, *, audio: str | None, frames: int = RATE * SECONDS) -> Path:
    """Pictures, and a tone whose loudness grows with the seconds."""
    with av.open(str(path), "w") as out:
        film = out.add_stream("libx264" if path.suffix == ".mp4" else "mpeg4", rate=RATE)
        film.width, film.height, film.pix_fmt = *SIZE, "yuv420p"
        tone = out.add_stream(audio, rate=48_000, layout="mono") if audio else None
        for t in range(frames):
            picture = np.full((SIZE[1], SIZE[0], 3), t % 250, np.uint8)
            out.mux(film.encode(av.VideoFrame.from_ndarray(picture, format="bgr24")))
        out.mux(film.encode(None))
        if tone:
            count = 48_000 * frames // RATE
            n = np.arange(count)
            wave = np.sin(n / 20) * (1000 + 7000 * (n // 48_000))
            kind = tone.codec_context.format.name
            for start in range(0, count, 1024):
                piece = wave[None, start : start + 1024]
                piece = piece.astype(np.int16) if kind == "s16" else (piece / 32768)
                form = kind if kind == "s16" else "fltp"
                data = piece if kind == "s16" else piece.astype(np.float32)
                frame = av.AudioFrame.from_ndarray(data, format=form, layout="mono")
                frame.sample_rate, frame.pts = 48_000, start
                out.mux(tone.encode(frame))
            out.mux(tone.encode(None))
    return path


def loudness(path: Path) -> list[float]:
    """Root of the mean square of every half second."""
    with av.open(str(path)) as container:
        pieces = [f.to_ndarray() for f in container.decode(audio=0)]
    wave = np.concatenate([np.asarray(p, float).reshape(-1) for p in pieces])
    halves = [wave[k : k + 24_000] for k in range(0, len(wave) - 12_000, 24_000)]
    return [float(np.sqrt((half**2).mean())) for half in halves]


def codecs(path: Path) -> list[str]:
    with av.open(str(path)) as container:
        return [stream.codec_context.name for stream in container.streams]


@pytest.mark.parametrize(("name", "audio"), [("a.mp4", "aac"), ("a.avi", "pcm_s16le")])
def test_a_run_keeps_the_sound_of_its_part(tmp_path: Path, name: str, audio: str) -> None:
    clip = write(tmp_path / name, audio=audio)
    with open_source(clip) as source:
        report = track_video(
            source, StaticTracker(), DRAWN.moved(50), output=tmp_path / "out", every=2
        )
    assert report.warnings == ()
    video = tmp_path / "out" / "video.mp4"
    assert codecs(video) == ["h264", "aac"]
    whole, part = loudness(clip), loudness(video)
    assert len(part) == pytest.approx(4, abs=1)
    scale = whole[4] / part[0]
    np.testing.assert_allclose(np.array(part[1:3]) * scale, whole[5:7], rtol=0.15)
    with av.open(str(video)) as container:
        assert sum(1 for _ in container.decode(video=0)) == 25
    assert sorted(p.name for p in (tmp_path / "out").iterdir() if p.name[0] == ".") == []


def test_a_source_without_sound_stays_without(tmp_path: Path) -> None:
    clip = write(tmp_path / "a.mp4", audio=None, frames=5)
    assert not has_sound(clip)
    assert not has_sound(tmp_path / "missing.mp4")
    with open_source(clip) as source:
        track_video(source, StaticTracker(), DRAWN, output=tmp_path / "out")
    assert codecs(tmp_path / "out" / "video.mp4") == ["h264"]


@pytest.mark.slow
def test_another_rate_leaves_the_sound_out_and_says_so(tmp_path: Path) -> None:
    clip = write(tmp_path / "a.mp4", audio="aac")
    with open_source(clip) as source:
        source.set_rate(5)
        report = track_video(source, StaticTracker(), DRAWN, output=tmp_path / "out")
    assert codecs(tmp_path / "out" / "video.mp4") == ["h264"]
    assert any("sound is left out" in text for text in report.warnings)


def test_sound_that_fails_costs_no_pictures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clip = write(tmp_path / "a.mp4", audio="aac", frames=10)

    def fail(video: Path, source: Path, part: Part) -> None:
        raise ValueError("Invalid data")

    monkeypatch.setattr("mohart.session.audible.add_sound", fail)
    with open_source(clip) as source:
        report = track_video(source, StaticTracker(), DRAWN, output=tmp_path / "out")
    assert codecs(tmp_path / "out" / "video.mp4") == ["h264"]
    assert report.failure == ""
    assert any("sound could not be kept (Invalid data)" in text for text in report.warnings)


def test_a_damaged_source_leaves_the_video_as_it_was(tmp_path: Path) -> None:
    video = write(tmp_path / "v.mp4", audio=None, frames=5)
    before = video.read_bytes()
    (tmp_path / "bad.mp4").write_bytes(before[: len(before) // 3])
    with pytest.raises(ValueError, match=r"Invalid|End of file"):
        add_sound(video, tmp_path / "bad.mp4", Part(0, 1))
    assert video.read_bytes() == before
    assert sorted(p.name for p in tmp_path.iterdir()) == ["bad.mp4", "v.mp4"]


def test_frames_at_uneven_times_are_told(tmp_path: Path, uneven: Callable[[Path], Path]) -> None:
    clip = uneven(tmp_path / "uneven.mp4")
    with open_source(clip) as source:
        report = track_video(source, StaticTracker(), DRAWN, output=tmp_path / "out")
    assert any("unevenly spaced" in text for text in report.warnings)


@pytest.fixture
def uneven() -> Callable[[Path], Path]:
    def make(path: Path) -> Path:
        from fractions import Fraction

        with av.open(str(path), "w") as out:
            film = out.add_stream("libx264", rate=25)
            film.width, film.height, film.pix_fmt = *SIZE, "yuv420p"
            film.codec_context.time_base = Fraction(1, 1000)
            for t in range(60):
                frame = av.VideoFrame.from_ndarray(
                    np.full((SIZE[1], SIZE[0], 3), t, np.uint8), format="bgr24"
                )
                frame.pts, frame.time_base = 40 * t + (1500 if t > 30 else 0), Fraction(1, 1000)
                out.mux(film.encode(frame))
            out.mux(film.encode(None))
        return path

    return make
