from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from mohart.assembly import shipped
from mohart.assembly.identity import (
    fingerprint,
    identity_path,
    load_identity,
    save_identity,
    without_torch,
)
from mohart.assembly.model import build_model
from mohart.assembly.weights import load_model
from mohart.config.slots import CnnConfig, ModelConfig
from mohart.errors import CheckpointError
from mohart.model.tracker import MohartModel
from mohart.nn.identity import IdentityHead
from mohart.training.checkpoint import load_checkpoint, save_checkpoint
from mohart.weights.names import DEFAULT, NAMES, weights_file


def small() -> MohartModel:
    torch.manual_seed(0)
    return build_model(ModelConfig(encoder=CnnConfig(width=16)))


def head() -> IdentityHead:
    torch.manual_seed(1)
    return IdentityHead(16, 8, 96, width=8, bend=4)


def test_a_head_comes_back_as_it_was_saved(tmp_path: Path) -> None:
    weights, model, saved = tmp_path / "w.safetensors", small(), head()
    assert load_identity(weights, model) is None
    path = save_identity(weights, model, saved, {"way": "linear"})
    assert path == identity_path(weights) == tmp_path / "w-identity.safetensors"
    assert json.loads(path.with_suffix(".json").read_text())["way"] == "linear"
    loaded = load_identity(weights, model)
    assert loaded is not None
    cells, colours = torch.randn(3, 16, 8, 8), torch.rand(3, 96)
    assert torch.allclose(loaded(cells, colours), saved(cells, colours), atol=2e-3)  # half


def test_a_head_of_other_weights_is_refused(tmp_path: Path) -> None:
    weights, model = tmp_path / "w.safetensors", small()
    save_identity(weights, model, head(), {})
    with torch.no_grad():
        model.cell.heads.parameters().__next__().add_(1)  # no feature depends on it
    assert load_identity(weights, model) is not None
    other = fingerprint(model)
    with torch.no_grad():
        next(model.cell.encoder.parameters()).add_(1)  # type: ignore[attr-defined]
    assert fingerprint(model) != other
    with pytest.raises(CheckpointError, match=r"made for other weights than w\.safetensors"):
        load_identity(weights, model)


def test_a_damaged_header_is_told(tmp_path: Path) -> None:
    weights, model = tmp_path / "w.safetensors", small()
    path = save_identity(weights, model, head(), {})
    saved = load_checkpoint(path)
    save_checkpoint(path, saved.tensors, {**saved.about, "width": 10**9})
    with pytest.raises(CheckpointError, match="sizes that no head has"):
        load_identity(weights, model)
    save_checkpoint(path, saved.tensors, {**saved.about, "width": 9})
    with pytest.raises(CheckpointError, match="belongs to another model"):
        load_identity(weights, model)


def test_the_shipped_head_is_the_same_with_and_without_torch() -> None:
    assert identity_path(weights_file()) == shipped.head_file(DEFAULT)
    loaded = load_model()
    assert loaded.identity is not None
    assert loaded.details["identity"] == "default-identity.safetensors"
    arrays = shipped.shipped_embedding()
    assert arrays is not None
    for ours, theirs in zip(arrays, without_torch(loaded.identity), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    pytest.importorskip("onnxruntime")
    ready = shipped.load_shipped(None)
    assert ready is not None
    assert ready.identity is not None
    assert ready.details["identity"] == loaded.details["identity"]


def test_arrays_of_another_head_are_not_taken_and_damaged_ones_are_told(tmp_path: Path) -> None:
    for path in shipped.FOLDER.glob("default*"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    head, arrays = (of(DEFAULT, tmp_path) for of in (shipped.head_file, shipped.embedding_file))
    whole = arrays.read_bytes()
    assert shipped.shipped_embedding(folder=tmp_path) is not None
    arrays.write_bytes(b"PK")
    with pytest.raises(CheckpointError, match=r"default-identity\.npz: damaged"):
        shipped.shipped_embedding(folder=tmp_path)
    arrays.unlink()
    assert shipped.shipped_embedding(folder=tmp_path) is None
    assert shipped.load_shipped(None, folder=tmp_path) is None  # torch reads it instead
    arrays.write_bytes(whole)
    head.write_bytes(b"another one")
    assert shipped.shipped_embedding(folder=tmp_path) is None


def test_a_file_beside_weights_is_taken(tmp_path: Path) -> None:
    weights = tmp_path / "mine.safetensors"
    weights.write_bytes(weights_file().read_bytes())
    assert load_model(weights).identity is None
    save_identity(weights, load_model().model, IdentityHead(48, 8, 96), {})
    loaded = load_model(weights)
    assert loaded.identity is not None
    assert loaded.details["identity"] == "mine-identity.safetensors"


def test_the_tracker_computes_what_the_head_says_without_torch() -> None:
    torch.manual_seed(2)
    one = IdentityHead(4, 3, 6, width=5, bend=7)
    torch.nn.init.normal_(one.curve[2].weight)  # type: ignore[arg-type]
    torch.nn.init.normal_(one.curve[2].bias)  # type: ignore[arg-type]
    plain = without_torch(one)
    cells, colours = torch.randn(3, 4, 3, 3), torch.rand(3, 6)
    cells[0] = 0
    with torch.inference_mode():
        expected = one(cells, colours).numpy()
    found = plain(cells.numpy(), colours.numpy())
    assert (plain.width, found.dtype, found.shape) == (5, np.float32, (3, 5))
    assert found == pytest.approx(expected, abs=1e-5)
    assert plain(cells.numpy()[:0], colours.numpy()[:0]).shape == (0, 5)


@pytest.mark.parametrize("name", NAMES)
def test_a_head_beside_shipped_weights_is_not_passed_over(tmp_path: Path, name: str) -> None:
    pytest.importorskip("onnxruntime")
    for path in shipped.FOLDER.glob(f"{name}*[!z]"):  # without the arrays
        (tmp_path / path.name).write_bytes(path.read_bytes())
    head = shipped.head_file(name, tmp_path)
    head.unlink(missing_ok=True)
    found = shipped.load_shipped(None, name, tmp_path)
    assert found is not None
    assert found.identity is None
    assert "identity" not in found.details
    head.write_bytes(b"")
    assert shipped.load_shipped(None, name, tmp_path) is None
