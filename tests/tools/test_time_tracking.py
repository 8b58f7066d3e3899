"""tools/time_tracking.py: its numbers add up and are printed."""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

TOOLS = Path(__file__).parents[2] / "tools"


@pytest.fixture(autouse=True)
def threads_as_before() -> Iterator[None]:
    threads = torch.get_num_threads()
    yield
    torch.set_num_threads(threads)


def test_prints_parts_and_frames_per_second(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.syspath_prepend(str(TOOLS))
    tool = importlib.import_module("time_tracking")
    size = ["--width", "160", "--height", "120"]
    tool.main([*size, "--objects", "2", "--threads", "1", "--frames", "3"])
    said = capsys.readouterr().out
    parts = [float(x) for x in re.findall(r"([\d.]+) ms per frame", said)]
    assert len(parts) == 4
    assert all(part > 0 for part in parts)
    assert max(parts[:3]) < parts[3]
    assert re.search(r"[\d.]+ fps with 2 objects at 160x120, threads: 1\n", said)


def test_a_configuration_is_timed_with_random_weights(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.syspath_prepend(str(TOOLS))
    tool = importlib.import_module("time_tracking")
    built = []
    monkeypatch.setattr(tool, "load_model", lambda _: pytest.fail("weights were not asked for"))
    build = tool.build_model
    monkeypatch.setattr(tool, "build_model", lambda cfg: built.append(cfg) or build(cfg))
    config = str(TOOLS.parent / "configs" / "toy.yaml")
    size = ["--width", "160", "--height", "120", "--objects", "2", "--threads", "1"]
    changed = ["--config", config, "--set", "model.hidden=24", "--frames", "1"]
    tool.main([*size, *changed])
    assert [cfg.hidden for cfg in built] == [24]
    assert "fps with 2 objects at 160x120" in capsys.readouterr().out


@pytest.mark.parametrize(
    "arguments", [["--set", "model.hidden=24"], ["--config", "a.yaml", "--weights", "b"]]
)
def test_settings_without_a_configuration_are_refused(
    monkeypatch: pytest.MonkeyPatch, arguments: list[str]
) -> None:
    monkeypatch.syspath_prepend(str(TOOLS))
    with pytest.raises(SystemExit, match="2"):
        importlib.import_module("time_tracking").main(arguments)
