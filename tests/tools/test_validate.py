from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SPEC = importlib.util.spec_from_file_location("validate", ROOT / "tools" / "validate.py")
assert SPEC is not None
assert SPEC.loader is not None
validate = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(validate)


def scores(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, float]:
    validate.main(list(arguments))
    name, *words = capsys.readouterr().out.split()
    assert name == "shipped"
    return dict(zip(words[::2], map(float, words[1::2]), strict=True))


@pytest.mark.slow
def test_weights_are_scored_on_a_configurations_clips(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = (ROOT / "configs" / "toy.yaml").read_text(encoding="utf-8")
    text = text.replace("validation_clips: 16", "validation_clips: 2")
    config = tmp_path / "tiny.yaml"
    config.write_text(text.replace("objects: [2, 4]", "leaving: 0.9, objects: [3, 4]"))
    whole = scores(capsys, "--config", str(config))
    assert set(whole) == {"iou", "iou_last", "success", "static", "seen_error"}
    assert whole["static"] < whole["iou"] <= 1
    assert scores(capsys, "--config", str(config), "--inside").keys() == whole.keys()


@pytest.mark.slow
def test_cut_boxes_end_at_the_frame_in_the_first_frame_only() -> None:
    clip = validate.build_validation(
        validate.load_config(ROOT / "configs" / "toy.yaml", ["train.validation_clips=2"])
    )[0]
    boxes = clip.boxes.clone()
    boxes[:, :, 0, 0] = -20
    done = validate.cut(clip._replace(boxes=boxes))
    assert (done.boxes[:, 0, 0, 0] == 0).all()
    assert (done.boxes[:, 1:] == boxes[:, 1:]).all()
