"""What README and docs show is true: blocks run, lines parse, files exist, tables are generated."""

from __future__ import annotations

import importlib
import re
import shlex
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import mohart
from mohart.cli.main import build_parser, main
from mohart.video import open_source

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
RECORDS = sorted((ROOT / "docs/experiments").glob("[0-9]*.md"))
GUIDE = [README, *sorted((ROOT / "docs/guide").glob("*.md"))]
PAGES = [
    README,
    ROOT / "CONTRIBUTING.md",
    ROOT / "datasets/README.md",
    *(page for page in sorted((ROOT / "docs").rglob("*.md")) if page not in RECORDS),
]
SAMPLE = ROOT / "datasets/samples/synth-0080"
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
NEEDS_A_NETWORK = "onnx:yolox_nano.onnx"  # a file that the project does not have


def named(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def blocks(page: Path, *languages: str) -> list[str]:
    found = BLOCK.findall(page.read_text(encoding="utf-8"))
    return [text for language, text in found if language in languages]


def commands(page: Path) -> Iterator[list[str]]:
    """Every simple command of the page's shell blocks, as words; variables are left as they are."""
    for block in blocks(page, "", "bash"):
        for line in block.replace("\\\n", " ").splitlines():
            if re.match(r"[A-Z]=?\w*=\"mohart ", line):
                line = line.partition('"')[2].rpartition('"')[0]
            try:
                words = shlex.split(line, comments=True)
            except ValueError:  # a block that is no shell: a file, a figure
                continue
            start = 0
            for stop, word in enumerate([*words, "&&"]):
                if word in ("&&", "&"):
                    yield words[start:stop]
                    start = stop + 1


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the files that the pages speak of: clips, boxes, a sequence, a detector."""
    import cv2

    with open_source(SAMPLE) as source:
        frames = [frame for _, frame in zip(range(12), source, strict=False)]
    height, width = frames[0].shape[:2]
    for name in ("clip.mp4", "street.mp4"):
        code = cv2.VideoWriter.fourcc(*"mp4v")
        writer = cv2.VideoWriter(str(tmp_path / name), code, 10, (width, height))
        for frame in frames:
            writer.write(frame)
        writer.release()
    for name in ("synth-0080", "MOT17-02"):
        target = tmp_path / ("datasets/samples" if name == "synth-0080" else ".") / name
        shutil.copytree(SAMPLE, target)
    truth = (SAMPLE / "gt/gt.txt").read_text(encoding="utf-8").splitlines()
    rows = [line.split(",") for line in truth]
    found = [",".join([r[0], "-1", *r[2:6], "0.9", "-1", "-1", "-1"]) for r in rows]
    (tmp_path / "MOT17-02/det").mkdir()
    (tmp_path / "MOT17-02/det/det.txt").write_text("\n".join(found) + "\n")
    first = [",".join(r) for r in rows if r[0] == "1"]
    (tmp_path / "boxes.txt").write_text("\n".join(first) + "\n")
    (keyframes,) = blocks(ROOT / "docs/guide/track.md", "csv")
    (tmp_path / "keyframes.csv").write_text(keyframes)
    (regions,) = blocks(ROOT / "docs/guide/counting.md", "json")
    (tmp_path / "regions.json").write_text(regions)
    (tmp_path / "screens.json").write_text("[[[0, 0], [20, 0], [20, 20], [0, 20]]]")
    (tmp_path / "corrections.csv").write_text("6,1,125,82,40,90\n9,2,end\n")
    (code,) = blocks(ROOT / "docs/guide/detectors.md", "python")[:1]
    (tmp_path / "mydetector.py").write_text(code)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "mydetector", raising=False)
    return tmp_path


@pytest.mark.slow
def test_eight_lines_of_python_are_eight(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (example,) = blocks(README, "python")
    assert len([line for line in example.splitlines() if line]) == 8
    exec(compile(example, "README.md", "exec"), {})
    lines = capsys.readouterr().out.strip().splitlines()
    assert len(lines) == 74  # all frames but the first
    assert all(line.startswith("[1 2] ['active' 'active'] [[") for line in lines[:5])


@pytest.mark.slow
@pytest.mark.parametrize("page", GUIDE[1:], ids=named)
def test_python_of_the_guide_runs(
    page: Path, place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    space: dict[str, object] = {}
    for block in blocks(page, "python"):
        exec(compile(block, page.name, "exec"), space)
        if "print(" in block:
            assert capsys.readouterr().out.strip(), block


@pytest.mark.slow
@pytest.mark.parametrize("page", GUIDE, ids=named)
def test_track_lines_of_the_guide_run_one_after_the_other(
    page: Path, place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (place / "out/demo").mkdir(parents=True)  # what `make demo` leaves
    (place / "out/demo/tracks.txt").write_text("")
    for words in commands(page):
        if words[:2] != ["mohart", "track"] or NEEDS_A_NETWORK in words:
            continue
        capsys.readouterr()
        assert main(words[1:]) == 0, shlex.join(words) + capsys.readouterr().err
        folder = Path(words[words.index("-o" if "-o" in words else "--resume") + 1])
        assert (folder / "run.json").is_file()
        assert (folder / "video.mp4").is_file() != ("--no-video" in words)


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_command_is_one(page: Path) -> None:
    parser = build_parser()
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    for words in commands(page):
        match words:
            case ["mohart", *rest]:
                try:
                    args = parser.parse_args(rest)
                except SystemExit:
                    pytest.fail(f"{named(page)}: {shlex.join(words)}")
                assert hasattr(args, "run") or "--help" in rest
            case ["make", target]:
                assert target in targets
            case [("python" | ".venv/bin/python"), tool, *rest] if tool.startswith("tools/"):
                text = (ROOT / tool).read_text(encoding="utf-8")
                for word in rest:
                    if word.startswith("--"):
                        assert f'"{word.partition("=")[0]}"' in text, f"{named(page)}: {words}"
            case [("pytest" | ".venv/bin/pytest"), path, *_]:
                assert (ROOT / path).exists()


@pytest.mark.parametrize("page", [*PAGES, *RECORDS], ids=named)
def test_what_a_page_points_to_exists(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for target, anchor in re.findall(r"\]\(([^)#\s]*)(#[^)]+)?\)", re.sub(r"`[^`]*`", "", text)):
        if target.startswith("http"):
            continue
        path = (page.parent / target) if target else page
        assert path.exists(), f"{named(page)}: {target}"
        if anchor:
            heads = re.findall(r"^#+ (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
            slugs = [
                "#" + re.sub(r"[^\w\- ]", "", h).strip().lower().replace(" ", "-") for h in heads
            ]
            assert anchor in slugs, f"{named(page)}: {target}{anchor}"
    if page not in RECORDS:
        words = r"(?<![\w/])((?:configs|tools|tests|datasets/samples|docs)/[\w/.-]*\w)"
        for name in re.findall(words, text):
            kinds = (".yaml", ".py", ".md", ".jsonl", ".safetensors", ".png", ".jpg", ".webp")
            if name.endswith(kinds) and "NNNN" not in name and "/NAME" not in name:
                assert (ROOT / name).exists() or name in MADE, f"{named(page)}: {name}"


MADE = {"tests/cli/test_NAME.py", "configs/graft.safetensors"}  # to be written by the reader


def test_generated_parts_are_what_the_command_writes(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "tools"))
    tool = importlib.import_module("write_pages")
    assert tool.main(["--check"]) == 0, capsys.readouterr().out


def test_readme_keeps_its_promises() -> None:
    text = README.read_text(encoding="utf-8")
    assert "make demo" in text
    assert "make test" in text
    heads = re.findall(r"^## (.+)$", text, re.MULTILINE)
    assert heads[:4] == ["Install", "One command", "Eight lines of Python", "How good"]
    assert "When not to use it" in heads
    above = text.partition("## Install")[0]
    (picture,) = re.findall(r"!\[.*?\]\((?:https?://.*/raw/HEAD/)?(docs/.+?)\)", above)
    assert (ROOT / picture).stat().st_size <= 2_000_000
    assert len(re.findall(r"^\| ?-{3}", text, re.MULTILINE)) == 1  # one table


def test_records_say_what_was_asked_and_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "tools"))
    records = importlib.import_module("pages.records")
    assert len(RECORDS) >= 31
    assert all(re.match(r"\d{4}-", path.name) for path in RECORDS)
    assert len({path.name[:4] for path in RECORDS}) == len(RECORDS), "a number is there twice"
    for path in RECORDS:
        record = records.read_record(path)
        assert re.fullmatch(r"\d{4}-\d\d-\d\d", record.fields["Date"]), path.name
        assert record.fields["Question"].endswith("?")


def test_every_page_is_in_the_menu() -> None:
    menu = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    for page in (ROOT / "docs").rglob("*.md"):
        name = page.relative_to(ROOT / "docs").as_posix()
        if not re.match(r"(experiments|decisions)/\d{4}-", name):
            assert f"- {name}\n" in menu or f": {name}\n" in menu, name


@pytest.mark.slow
def test_site_builds_without_a_warning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("material", reason="pip install '.[docs]'")
    import subprocess

    monkeypatch.setenv("NO_MKDOCS_2_WARNING", "1")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "-d", str(tmp_path)]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    assert "load_tracker" in (tmp_path / "api/index.html").read_text(encoding="utf-8")
    for page in tmp_path.rglob("*.html"):  # nothing is loaded from elsewhere
        text = page.read_text(encoding="utf-8")
        assert not re.search(r"<(?:script|img|link)[^>]+(?:src|href)=\"https?://", text), page


def test_versions_agree() -> None:
    cited = re.search(r"^version: (.+)$", (ROOT / "CITATION.cff").read_text(), re.MULTILINE)
    changes = (ROOT / "CHANGELOG.md").read_text()
    dated = re.findall(r"^## (\d\S+) - \d{4}-\d\d-\d\d$", changes, re.MULTILINE)
    assert cited is not None
    assert cited[1] == dated[0]
    number, dev, _ = mohart.__version__.partition(".dev")
    if not dev:
        assert number == dated[0]
        return
    now, released = (tuple(map(int, text.split("."))) for text in (number, dated[0]))
    assert now > released
    assert changes.index("## Unreleased") < changes.index(f"## {dated[0]}")
