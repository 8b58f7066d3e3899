"""tools/shrink.py: trained weights that look through a coarser glimpse."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import pytest
import torch

from mohart.assembly.weights import load_model
from mohart.errors import ConfigError
from mohart.training.checkpoint import load_checkpoint

sys.path.insert(0, str(Path(__file__).parents[2] / "tools"))
shrink = importlib.import_module("shrink")


def test_a_sum_over_places_stays_as_it_was() -> None:
    weight = torch.rand(3, 2 * 8 * 8)
    smaller = shrink.resampled(weight, 8, 6)
    assert smaller.shape == (3, 2 * 6 * 6)
    constant = shrink.resampled(torch.full((1, 64), 0.5), 8, 6)
    assert float(constant.sum()) == pytest.approx(32.0)
    torch.testing.assert_close(smaller.sum(1), weight.sum(1), rtol=0.05, atol=0.0)


def test_the_shipped_weights_look_through_48_pixels(tmp_path: Path) -> None:
    out = tmp_path / "small.safetensors"
    shrink.main([str(out), "--size", "48"])
    old, new = load_model(), load_model(out)
    assert (new.config.model.glimpse.size, new.config.model.appearance.template) == (48, 6)
    assert new.calibration == old.calibration
    assert load_checkpoint(out).about["shrunk_from"] == old.details["sha256"]
    changed = {
        name
        for name, value in new.model.state_dict().items()
        if value.shape != old.model.state_dict()[name].shape
    }
    assert changed == {shrink.COMPARE, shrink.READ}


@pytest.mark.parametrize("size", [64, 44])
def test_sizes_that_leave_no_whole_cells(size: int) -> None:
    loaded = load_model()
    with pytest.raises(ConfigError, match="--size: expected a multiple of 8 below 64"):
        shrink.shrink(loaded.model.state_dict(), loaded.config, size)
