from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import mohart
from mohart.assembly import plug_in
from mohart.assembly.detector import build_detector
from mohart.errors import ConfigError, FormatError, MissingDataError

FRAME = np.zeros((48, 64, 3), np.uint8)
PLUG_IN = """
def find(frame):
    return [[1, 2, 3, 4, 0.9, 0], [1, 2, 3, 4, 0.3, 1]]

class Finder:
    classes = {0: "cat", 1: "dog"}
    def __call__(self, frame):
        return find(frame)

class Failing:
    def __init__(self):
        self.share = 1 / 0

class Set:
    def __init__(self, size=3, *, share=0.5, name="a", deep=False, free=None):
        self.given = [size, share, name, deep, free]
    def __call__(self, frame):
        return [[0, 0, self.given[0], 4, 0.9, 0]]

def scaled(frame, by=1):
    return [[0, 0, 2 * by, 4, 0.9, 0]]

def late(frame, calls=[]):
    calls.append(1)
    if len(calls) == 3:
        raise RuntimeError("gpu\\ngone")
    return []

finder = Finder()
number = 7
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with a module that holds detectors."""
    (tmp_path / "my_plug_in.py").write_text(PLUG_IN)
    (tmp_path / "my_broken_plug_in.py").write_text("import a_package_that_is_not_there\n")
    (tmp_path / "my_leaving_plug_in.py").write_text("import sys\nsys.exit(0)\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delitem(sys.modules, "my_plug_in", raising=False)
    return tmp_path


def test_a_file(tmp_path: Path) -> None:
    (tmp_path / "det.txt").write_text("1,-1,1,2,8,6,0.25\n1,-1,1,2,8,6,0.75\n")
    detector = build_detector(f"file:{tmp_path / 'det.txt'}", score=0.5)
    assert detector.name == "file"
    assert detector(FRAME).confidence.tolist() == [0.75]


def test_motion_with_an_option_given_as_text() -> None:
    assert build_detector("motion", warm_up="7").details["warm_up"] == 7
    assert build_detector("motion", warm_up=None).details["warm_up"] == 25


@pytest.mark.parametrize("name", ["find", "Finder", "finder"])
def test_plug_ins_of_the_current_folder(folder: Path, name: str) -> None:
    before = list(sys.path)
    detector = build_detector(f"my_plug_in:{name}", score=0.5)
    assert detector.name == f"my_plug_in:{name}"
    assert len(detector(FRAME)) == 1
    assert sys.path == before


def test_classes_by_name(folder: Path) -> None:
    assert build_detector("my_plug_in:Finder", classes=["Dog"])(FRAME).class_id.tolist() == [1]
    with pytest.raises(ConfigError, match="no class 'cow'"):
        build_detector("my_plug_in:Finder", classes=["cow"])
    with pytest.raises(ConfigError, match="has no names of classes"):
        build_detector("my_plug_in:find", classes=["dog"])


@pytest.mark.parametrize(
    ("name", "options", "error", "message"),
    [
        ("moton", {}, ConfigError, "unknown detector 'moton'; did you mean 'motion'"),
        ("file", {}, ConfigError, "detector 'file': say which file, as in file:PATH"),
        ("onnx:", {}, ConfigError, "say which file, as in onnx:PATH"),
        ("motion", {"warmup": 3}, ConfigError, "unknown option of detector 'motion'; did you mean"),
        ("motion", {"warm_up": "x"}, ConfigError, "warm_up: expected a whole number, got 'x'"),
        ("motion", {"score": 3}, ConfigError, "score: expected 0 to 1, got 3"),
        ("onnx:none.onnx", {}, MissingDataError, "none.onnx: no such ONNX file"),
        ("file:none.txt", {}, MissingDataError, "none.txt: no such file with detections"),
        ("no_such_module:f", {}, MissingDataError, "no module 'no_such_module' in"),
        ("my_plug_in:fnd", {}, ConfigError, "nothing named 'fnd' in it; did you mean 'find'"),
        ("my_plug_in:number", {}, ConfigError, "cannot be called; expected a function"),
        (
            "my_plug_in:find",
            {"size": 3},
            ConfigError,
            "size: detector 'my_plug_in:find' takes no such option; it has none",
        ),
        ("my_plug_in:Set", {"sise": 3}, ConfigError, "no such option; it has size, share, name, "),
        ("my_plug_in:Set", {"size": "x"}, ConfigError, "size: expected a whole number, got 'x'"),
        ("my_plug_in:Set", {"share": "x"}, ConfigError, "share: expected a number, got 'x'"),
        ("my_plug_in:Set", {"deep": "x"}, ConfigError, "deep: expected true or false, got 'x'"),
        ("my_plug_in:finder", {"x": 1}, ConfigError, "'my_plug_in:finder' is made already; name"),
        (":f", {}, ConfigError, "unknown detector ':f'"),
        (".odd:f", {}, ConfigError, "importing it fails: TypeError"),
        ("my_leaving_plug_in:f", {}, ConfigError, "importing it fails: SystemExit: 0"),
        ("my_plug_in:Failing", {}, ConfigError, "making one fails: ZeroDivisionError"),
        ("my_broken_plug_in:f", {}, MissingDataError, "does not import: No module named 'a_pack"),
    ],
)
def test_what_is_wrong_is_named(
    folder: Path, name: str, options: dict[str, object], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        build_detector(name, **options)  # type: ignore[arg-type]


def test_options_of_plug_ins(folder: Path) -> None:
    said = {"size": "7", "share": "0.25", "name": "8", "deep": "yes", "free": "9"}
    made = plug_in.load_plug_in("my_plug_in", "Set", said)
    assert made.given == [7, 0.25, "8", True, 9]  # type: ignore[attr-defined]
    assert build_detector("my_plug_in:Set", size=9)(FRAME).xyxy.tolist() == [[0, 0, 9, 4]]
    assert build_detector("my_plug_in:scaled", by="4")(FRAME).xyxy.tolist() == [[0, 0, 8, 4]]
    assert build_detector("my_plug_in:Set", free="word")(FRAME).xyxy[0, 2] == 3


def test_what_a_plug_in_raises_is_told_with_its_name_and_call(folder: Path) -> None:
    detector = build_detector("my_plug_in:late")
    detector(FRAME)
    detector(FRAME)
    with pytest.raises(ConfigError, match=r"'my_plug_in:late', call 3: RuntimeError: gpu gone$"):
        detector(FRAME)


def test_an_onnx_file_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "a.onnx").write_text("nonsense")
    with pytest.raises(FormatError, match="not an ONNX file"):
        mohart.load_detector(f"onnx:{tmp_path / 'a.onnx'}", score=0.3, size=640)


@pytest.mark.slow
def test_detectors_need_no_torch() -> None:
    code = (
        "import sys, mohart; mohart.load_detector('motion'); import mohart.session.feed; "
        "import mohart.tracking.detectors.onnx.detector, mohart.tracking.detectors.file; "
        "sys.exit(bool({'torch', 'onnxruntime', 'onnx'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
