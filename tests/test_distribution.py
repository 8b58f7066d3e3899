"""What is built from the source works elsewhere: the wheel does its job, the sdist is whole."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import tarfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
BUILD = "from setuptools import build_meta; build_meta.build_{kind}({folder!r})"
QUICK_TESTS = ("tests/config", "tests/formats", "tests/test_files.py", "tests/cli/test_configs.py")
# a plugin: all files are collected, these tests alone run
CHOSEN = """
def pytest_collection_modifyitems(config, items):
    files = {{item.path for item in items}}
    assert len(files) > 300, len(files)
    items[:] = [item for item in items if item.nodeid.startswith({chosen!r})]
"""

pytestmark = pytest.mark.slow


def run(*command: str | Path, cwd: Path) -> str:
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "PYTEST"))}
    done = subprocess.run(
        list(map(str, command)), cwd=cwd, env=clean, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return done.stdout


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The unpacked source distribution."""
    folder = tmp_path_factory.mktemp("sdist")
    copy = folder / "checkout"
    listed = run("git", "ls-files", "-co", "--exclude-standard", cwd=ROOT).splitlines()
    for name in listed:
        if (ROOT / name).is_file():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            (copy / name).write_bytes((ROOT / name).read_bytes())
    run(sys.executable, "-c", BUILD.format(kind="sdist", folder=str(folder)), cwd=copy)
    (archive,) = folder.glob("*.tar.gz")
    with tarfile.open(archive) as file:
        safe = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}  # 3.10.12, 3.11.4
        file.extractall(folder, **safe)
    return folder / archive.name.removesuffix(".tar.gz")


@pytest.fixture(scope="module")
def installed(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Commands of a fresh environment with the wheel; its dependencies are this environment's."""
    folder = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-c", BUILD.format(kind="wheel", folder=str(folder)), cwd=source)
    (wheel,) = folder.glob("*.whl")
    run(sys.executable, "-m", "venv", "--without-pip", folder / "venv", cwd=folder)
    commands = folder / "venv" / ("Scripts" if os.name == "nt" else "bin")
    python = commands / "python"
    run(
        sys.executable,
        "-m",
        "pip",
        "--python",
        python,
        "install",
        "--quiet",
        "--no-deps",
        "--no-index",
        wheel,
        cwd=folder,
    )
    asked = "import sysconfig; print(sysconfig.get_path('purelib'))"
    own = Path(run(python, "-c", asked, cwd=folder).strip())
    # a path in a .pth file: its own .pth files, such as that of an editable mohart, do not count
    (own / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    assert (
        Path(run(python, "-c", "import mohart; print(mohart.__file__)", cwd=folder).strip()).parent
        == own / "mohart"
    )
    return commands


def test_the_source_is_whole(source: Path) -> None:
    if not (ROOT / ".git").exists():  # the unpacked source: what it is compared with is git's list
        pytest.skip("no git checkout to compare with")
    tracked = run("git", "ls-files", cwd=ROOT).splitlines()
    missing = [n for n in tracked if (ROOT / n).is_file() and not (source / n).is_file()]
    assert missing == []


def test_its_tests_run_from_it(source: Path) -> None:
    (source / "chosen.py").write_text(CHOSEN.format(chosen=QUICK_TESTS))
    command = (sys.executable, "-m", "pytest", "-q", "-m", "not slow", "-p", "chosen")
    # a file that cannot be collected ends it with an error; assertions that are not rewritten say
    # less when they fail, and nothing has to be rewritten
    said = run(*command, "--assert=plain", cwd=source)
    assert "passed" in said.splitlines()[-1]


def test_the_main_job_from_the_wheel(installed: Path, tmp_path: Path) -> None:
    mohart, sample = installed / "mohart", ROOT / "datasets" / "samples" / "synth-0080"
    track = (mohart, "track", sample, "--init", sample / "gt" / "gt.txt", "--frames", "4")
    out = run(*track, "-o", "out", cwd=tmp_path)
    assert "5 objects over frames 1 to 4" in out
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert names == ["keyframes.csv", "run.json", "tracks.csv", "tracks.txt", "video.mp4"]
    assert run(installed / "python", "-m", "mohart", "-V", cwd=tmp_path).startswith("mohart 0.")
    assert run(mohart, cwd=tmp_path).startswith("usage: mohart")


def test_a_report_from_the_wheel(installed: Path, tmp_path: Path) -> None:
    sample = ROOT / "datasets" / "samples" / "synth-0080"
    rows = (sample / "gt" / "gt.txt").read_text().splitlines()
    (tmp_path / "tracks.txt").write_text("".join(f"{row.rsplit(',', 3)[0]}\n" for row in rows))
    command = (installed / "mohart", "report", "tracks.txt", "--source", sample)
    assert "5 identities over 75 frames" in run(*command, "-o", "r.html", cwd=tmp_path)
    assert "class Timeline" in (tmp_path / "r.html").read_text("utf-8")


def test_trainings_from_the_wheel(installed: Path, tmp_path: Path) -> None:
    mohart = installed / "mohart"
    assert "worlds/forces" in run(mohart, "configs", "ls", cwd=tmp_path)
    run(mohart, "train", "smoke", cwd=tmp_path)
    assert (tmp_path / "runs" / "smoke" / "best.safetensors").is_file()
    run(mohart, "configs", "cp", "default", "mine.yaml", cwd=tmp_path)
    assert (tmp_path / "stage4.safetensors").is_file()
    assert f"start_from: {tmp_path / 'stage4.safetensors'}" in run(
        mohart, "train", "mine.yaml", "--dry-run", cwd=tmp_path
    )
    run(mohart, "configs", "cp", "pictures", cwd=tmp_path)
    assert (tmp_path / "stage7.safetensors").is_file()
