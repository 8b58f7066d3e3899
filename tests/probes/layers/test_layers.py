"""Reading layers: what is there is found, what is not there is not."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from mohart.assembly.data import stream_test
from mohart.assembly.model import build_model
from mohart.config.loader import config_from
from mohart.errors import ConfigError
from mohart.facts import WIDTH, find_fact
from mohart.model.layers import LAYERS, layer_width
from mohart.probes.layers.collect import Heard, listen
from mohart.probes.layers.findings import draw, find, to_csv, to_table
from mohart.probes.layers.fit import Reader, Reading, read_layer

TRACKS, FRAMES = 60, 6
SMALL = {
    "model": {
        "glimpse": {"kind": "bilinear", "size": 16},
        "encoder": {"kind": "cnn", "width": 16, "blocks": 0},
        "appearance": {"kind": "none", "channels": 8},
        "relation": {"kind": "attention", "width": 8, "heads": 2},
        "heads": {"kind": "localise", "width": 8, "widen": 0.0},
        "refine": "none",
        "claims": False,
        "discriminate": 0,
        "features": 8,
        "hidden": 8,
    },
    "data": {
        "generator": {"width": 96, "height": 72, "objects": [2, 3]},
        "objects": 2,
        "span": 6,
    },
}


def heard(seed: int) -> Heard:
    """`memory` holds the size and whether it is hidden, `encoder` noise that tells tracks apart."""
    rng = np.random.default_rng(seed)
    track = np.repeat(np.arange(TRACKS), FRAMES)
    facts = np.full((len(track), WIDTH), np.nan, np.float32)
    size = rng.normal(size=TRACKS)[track] + 0.1 * rng.normal(size=len(track))
    hidden = rng.random(len(track)) < 0.4
    facts[:, find_fact("size")[1]] = size[:, None]
    facts[:, find_fact("hidden")[1]] = hidden[:, None]
    facts[:, find_fact("kind")[1]] = 2.0  # the same for all
    told = np.stack([size, 3.0 * hidden, rng.normal(size=len(track))], -1)
    noise = rng.normal(size=(TRACKS, 8))[track]
    layers = {
        "memory": torch.from_numpy(told.astype(np.float32)),
        "encoder": torch.from_numpy(noise.astype(np.float32)),
    }
    clip = torch.from_numpy(track // 3)
    return Heard(layers, torch.from_numpy(facts), torch.from_numpy(track), clip)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "reader", [pytest.param("mlp", marks=pytest.mark.slow), pytest.param("linear")]
)
def test_what_a_layer_holds_is_found_and_control_tasks_find_nothing(reader: Reader) -> None:
    for label in ("size", "hidden"):
        reading = read_layer(heard(0), heard(1), "memory", label, seeds=3, reader=reader)
        assert reading is not None
        assert np.shape(reading.scores) == np.shape(reading.control) == (3, TRACKS)
        found = find("toy", [reading])
        assert found.score.value > 0.9
        assert found.control.value < 0.75
        assert found.selectivity.low is not None
        assert found.selectivity.low > 0.2
        assert 0.8 < found.share <= 1.1
    nothing = read_layer(heard(0), heard(1), "encoder", "size", seeds=3, reader=reader)
    assert nothing is not None
    assert find("toy", [nothing]).score.value < 0.1


@pytest.mark.slow
def test_readings_depend_on_the_arguments_alone_and_are_shown() -> None:
    torch.manual_seed(1)
    first = read_layer(heard(0), heard(1), "memory", "size", seeds=2)
    torch.manual_seed(2)
    second = read_layer(heard(0), heard(1), "memory", "size", seeds=2)
    assert first == second
    assert first is not None
    findings = [find("a", [first]), find("b", [first])]
    table, lines = to_table(findings), to_csv(findings).splitlines()
    assert "size" in table
    assert "memory" in table
    assert len(lines) == 3
    assert lines[1].startswith("a,memory,size,")
    pytest.importorskip("matplotlib", reason="draws with matplotlib")
    assert draw(findings).startswith(b"\x89PNG")


def test_labels_that_are_unknown_or_the_same_for_all_are_left_out() -> None:
    assert read_layer(heard(0), heard(1), "memory", "speed", seeds=1) is None
    assert read_layer(heard(0), heard(1), "memory", "kind", seeds=1) is None


@pytest.mark.slow
def test_rows_are_of_objects_that_were_looked_at() -> None:
    config = config_from(SMALL)
    model = build_model(config.model)
    model.train()
    found = listen(model, stream_test(config, 3, 5, facts=True), every=2)
    assert model.training
    rows = len(found.facts)
    assert rows > 0
    assert {k: v.shape for k, v in found.layers.items()} == {
        layer: (rows, layer_width(model, layer)) for layer in LAYERS
    }
    assert len(found.track) == len(found.clip) == rows
    assert set(found.clip.tolist()) <= {0, 1, 2}
    assert torch.equal(found.track // config.data.objects, found.clip)
    since = torch.expm1(2 * found.facts[:, find_fact("since_start")[1]]).round()
    assert set(since.flatten().tolist()) == {2.0, 4.0}
    with pytest.raises(ConfigError, match="tell no facts"):
        listen(model, stream_test(config, 1, 5))


def test_trainings_are_the_seeds_on_the_tracks_that_all_kept() -> None:
    one = Reading("memory", "size", [[0.1, 0.3, 0.5]] * 2, [[0.0] * 3] * 2, [4, 7, 9], [0, 0, 1])
    two = Reading("memory", "size", [[0.7, 0.9], [0.5, 0.7]], [[0.0] * 2] * 2, [4, 9], [0, 1])
    found = find("toy", [one, two])
    assert found.score.value == pytest.approx(np.mean([[0.1, 0.5], [0.6, 0.8]]))
    assert found.score.spread == pytest.approx(np.std([0.3, 0.7], ddof=1))
    assert find("toy", [one]).score.value == pytest.approx(0.3)
    with pytest.raises(ConfigError, match="at least one seed and one object"):
        find("toy", [one, Reading("memory", "size", [[0.1]], [[0.0]], [5], [0])])
