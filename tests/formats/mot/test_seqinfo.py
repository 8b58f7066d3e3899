import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mohart.errors import FormatError, MissingDataError
from mohart.formats.mot.seqinfo import SequenceInfo, read_seqinfo, scan_seqinfo, write_seqinfo

TEXT = """[Sequence]
name=MOT17-02-FRCNN
imDir=img1
frameRate=30
seqLength=600
imWidth=1920
imHeight=1080
imExt=.jpg
"""


def save(folder: Path, text: str) -> Path:
    path = folder / "seqinfo.ini"
    path.write_text(text)
    return path


def test_official_file(tmp_path: Path) -> None:
    info = SequenceInfo(name="MOT17-02-FRCNN", frame_rate=30.0, length=600, width=1920, height=1080)
    assert read_seqinfo(save(tmp_path, TEXT)) == info
    write_seqinfo(tmp_path / "copy.ini", info)
    assert (tmp_path / "copy.ini").read_text() == TEXT


def test_only_the_numbers_are_required(tmp_path: Path) -> None:
    folder = tmp_path / "street"
    folder.mkdir()
    text = "[Sequence]\nFRAMERATE = 29.97\nseqLength=6\nimWidth=4\nimHeight=3\nimExt=png\n"
    info = read_seqinfo(save(folder, text))
    assert (info.name, info.image_dir, info.image_ext) == ("street", "img1", ".png")
    assert info.frame_rate == 29.97


@given(
    length=st.integers(1, 10**6),
    width=st.integers(1, 10**4),
    height=st.integers(1, 10**4),
    hundredths=st.integers(1, 24000),
)
def test_round_trip(
    tmp_path_factory: pytest.TempPathFactory, length: int, width: int, height: int, hundredths: int
) -> None:
    info = SequenceInfo(
        name="a 100% name", frame_rate=hundredths / 100, length=length, width=width, height=height
    )
    path = tmp_path_factory.mktemp("ini") / "seqinfo.ini"
    write_seqinfo(path, info)
    assert read_seqinfo(path) == info


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name=x\n", r"seqinfo\.ini:1: expected an ini file.*\[Sequence\] first"),
        ("[Sequence]\nwhat is this\n", r"seqinfo\.ini:2: expected an ini file"),
        ("[Sequence]\nname=a\nname=b\n", r"seqinfo\.ini:3: expected an ini file"),
        ("[Other]\nname=x\n", r"expected a section \[Sequence\], found Other"),
        (TEXT.replace("seqLength=600\n", ""), "the key 'seqLength' is missing"),
        (TEXT.replace("=600", "=many"), r"seqinfo\.ini:5: seqLength: expected a whole .* 'many'"),
        (TEXT.replace("=600", "=6.5"), r"seqinfo\.ini:5: seqLength"),
        (TEXT.replace("=30", "=0"), r"seqinfo\.ini:4: frameRate: expected a positive number"),
        (TEXT.replace("=1920", "=nan"), r"seqinfo\.ini:6: imWidth"),
    ],
)
def test_errors(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(FormatError, match=message):
        read_seqinfo(save(tmp_path, text))


def test_unknown_key_is_a_warning_with_a_suggestion(tmp_path: Path) -> None:
    info, problems = scan_seqinfo(save(tmp_path, TEXT + "frameRates=30\n"))
    assert info is not None
    assert [(p.severity, p.line) for p in problems] == [("warning", 9)]
    assert "did you mean 'frameRate'" in problems[0].what


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(MissingDataError, match="no such file"):
        read_seqinfo(tmp_path / "seqinfo.ini")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("seqLength=1e300", "seqLength: expected a whole number above 0, up to 10000000"),
        ("imWidth=99999999999", "imWidth: expected a whole number above 0, up to 10000000"),
        ("frameRate=1e30", "frameRate: expected a positive number, up to 1000000"),
        ("imDir=../elsewhere", "imDir: expected a folder inside the sequence, got '../elsewhere'"),
        ("imDir=/etc", "imDir: expected a folder inside the sequence, got '/etc'"),
        ("imDir=img1/../../x", "imDir: expected a folder inside the sequence"),
        ("imDir=C:\\pictures", "imDir: expected a folder inside the sequence"),
    ],
)
def test_what_cannot_be_meant_is_refused(tmp_path: Path, line: str, message: str) -> None:
    entries = {"name": "a", "frameRate": "25", "seqLength": "9", "imWidth": "64", "imHeight": "48"}
    key, _, value = line.partition("=")
    text = "".join(f"{k}={v}\n" for k, v in {**entries, key: value}.items())
    (tmp_path / "seqinfo.ini").write_text(f"[Sequence]\n{text}")
    with pytest.raises(FormatError, match=re.escape(message)):
        read_seqinfo(tmp_path / "seqinfo.ini")


def test_a_name_of_several_lines_is_written_on_one(tmp_path: Path) -> None:
    path = tmp_path / "seqinfo.ini"
    info = SequenceInfo(name="a\n[Other]\rb", frame_rate=25, length=9, width=64, height=48)
    write_seqinfo(path, info)
    assert read_seqinfo(path) == replace(info, name="a [Other] b")
