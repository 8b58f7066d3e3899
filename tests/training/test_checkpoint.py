"""Checkpoints: round trip, atomic writing, damaged and foreign files."""

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from mohart.errors import CheckpointError, MissingDataError, OutputError
from mohart.training.checkpoint import (
    load_checkpoint,
    load_optimizer,
    load_weights,
    optimizer_tensors,
    save_checkpoint,
)

ABOUT = {"step": 7, "config": {"note": "ü", "rate": 1e-3}, "best": None}
TENSORS = {
    "model.a": torch.arange(6.0).reshape(2, 3),
    "model.a.b": torch.tensor(3),
    "modelling": torch.zeros(0, 4),
    "random": torch.arange(5, dtype=torch.uint8),
}


def test_everything_comes_back_and_a_readable_copy_lies_beside(tmp_path: Path) -> None:
    path = tmp_path / "last.safetensors"
    save_checkpoint(path, TENSORS, ABOUT)
    back = load_checkpoint(path)
    assert back.about == ABOUT
    assert back.tensors.keys() == TENSORS.keys()
    for name, value in TENSORS.items():
        assert torch.equal(back.tensors[name], value)
        assert back.tensors[name].dtype == value.dtype
    assert json.loads(path.with_suffix(".json").read_text()) == ABOUT
    assert sorted(p.name for p in tmp_path.iterdir()) == ["last.json", "last.safetensors"]


def test_a_part_is_what_lies_below_its_prefix(tmp_path: Path) -> None:
    path = tmp_path / "w.safetensors"
    save_checkpoint(path, TENSORS, ABOUT)
    assert set(load_checkpoint(path).part("model")) == {"a", "a.b"}
    assert load_checkpoint(path).part("extra") == {}


def test_tensors_with_strides_can_be_saved(tmp_path: Path) -> None:
    turned = torch.arange(6.0).reshape(2, 3).T
    save_checkpoint(tmp_path / "w.safetensors", {"t": turned}, {})
    assert torch.equal(load_checkpoint(tmp_path / "w.safetensors").tensors["t"], turned)


class _FullDisk:
    def __init__(self, after: int) -> None:
        self.after = after

    def __call__(self, number: int) -> None:
        self.after -= 1
        if self.after < 0:
            raise OSError(28, "No space left on device")


@pytest.mark.parametrize("after", [0, 1])
def test_a_write_that_fails_leaves_the_old_file_and_no_rubbish(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, after: int
) -> None:
    path = tmp_path / "last.safetensors"
    save_checkpoint(path, TENSORS, {"step": 1})
    old = path.read_bytes()
    monkeypatch.setattr("mohart.files.os.fsync", _FullDisk(after))
    with pytest.raises(OutputError, match=r"last\.(safetensors|json): .*No space left on device"):
        save_checkpoint(path, {"model.a": torch.zeros(2)}, {"step": 2})
    if after == 0:
        assert path.read_bytes() == old
    assert load_checkpoint(path).about["step"] in (1, 2)  # complete in any case
    assert sorted(p.name for p in tmp_path.iterdir()) == ["last.json", "last.safetensors"]


def test_a_folder_that_cannot_be_made_is_an_output_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match=r"w\.safetensors"):
        save_checkpoint(tmp_path / "file" / "w.safetensors", TENSORS, ABOUT)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(MissingDataError, match=r"w\.safetensors: no such weights"):
        load_checkpoint(tmp_path / "w.safetensors")
    save_checkpoint(tmp_path / "best.safetensors", TENSORS, ABOUT)
    with pytest.raises(MissingDataError, match=r"; did you mean .*best\.safetensors\?"):
        load_checkpoint(tmp_path)


@pytest.mark.parametrize("damage", ["empty", "text", "cut", "header", "zip"])
def test_a_damaged_file_is_named(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "w.safetensors"
    save_checkpoint(path, TENSORS, ABOUT)
    good = path.read_bytes()
    path.write_bytes(
        {
            "empty": b"",
            "text": b"hello, these are no weights at all",
            "cut": good[: len(good) - 3],
            "header": good[:8] + b"?" + good[9:],
            "zip": b"PK\x03\x04" + bytes(200),
        }[damage]
    )
    with pytest.raises(CheckpointError, match=r"w\.safetensors: damaged or not safetensors"):
        load_checkpoint(path)


@pytest.mark.parametrize("metadata", [None, {"format": "pt"}, {"mohart": "no json"}])
def test_a_foreign_file_is_named(tmp_path: Path, metadata: dict[str, str] | None) -> None:
    path = tmp_path / "w.safetensors"
    save_file({"a": torch.zeros(2)}, path, metadata=metadata)
    with pytest.raises(CheckpointError, match=r"w\.safetensors: "):
        load_checkpoint(path)


def model() -> nn.Module:
    return nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3))


def test_weights_are_copied_into_the_model() -> None:
    one, two = model(), model()
    load_weights(two, {k: v.double() for k, v in one.state_dict().items()}, "w")
    for a, b in zip(one.state_dict().values(), two.state_dict().values(), strict=True):
        assert a.dtype == b.dtype
        assert torch.equal(a, b)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"0.weight": None}, r"run/x: belongs to another model: lacks 0\.weight"),
        ({"7.bias": torch.zeros(1)}, r"run/x: belongs to another model: has an unknown 7\.bias"),
        ({"0.weight": torch.zeros(3, 5)}, r"0\.weight is \[3, 5\], expected \[3, 2\]"),
        ({"0.bias": torch.zeros(())}, r"0\.bias is \[\], expected \[3\]"),
    ],
)
def test_the_weights_of_another_model_are_refused_naming_the_tensor_and_change_nothing(
    change: dict[str, torch.Tensor | None], message: str
) -> None:
    target = model()
    before = {k: v.clone() for k, v in target.state_dict().items()}
    given = {k: v + 1 for k, v in before.items()} | change
    with pytest.raises(CheckpointError, match=message):
        load_weights(target, {k: v for k, v in given.items() if v is not None}, "run/x")
    assert all(torch.equal(v, before[k]) for k, v in target.state_dict().items())


@pytest.mark.parametrize("make", [torch.optim.AdamW, torch.optim.RMSprop, torch.optim.SGD])
def test_an_optimiser_goes_on_as_if_it_had_not_been_saved(
    tmp_path: Path, make: type[torch.optim.Optimizer]
) -> None:
    torch.manual_seed(0)
    momentum = {} if make is torch.optim.AdamW else {"momentum": 0.9}
    steps = [torch.randn(2, 3) for _ in range(6)]

    def run(weight: nn.Parameter, optimizer: torch.optim.Optimizer, part: slice) -> None:
        for gradient in steps[part]:
            weight.grad = gradient.clone()
            optimizer.step()

    straight = nn.Parameter(torch.ones(2, 3))
    run(straight, make([straight], lr=0.1, **momentum), slice(6))  # type: ignore[call-arg]
    first = nn.Parameter(torch.ones(2, 3))
    optimizer = make([first], lr=0.1, **momentum)  # type: ignore[call-arg]
    run(first, optimizer, slice(3))
    save_checkpoint(tmp_path / "o.safetensors", optimizer_tensors(optimizer), {})
    second = nn.Parameter(first.detach().clone())
    fresh = make([second], lr=0.1, **momentum)  # type: ignore[call-arg]
    load_optimizer(fresh, load_checkpoint(tmp_path / "o.safetensors").tensors)
    run(second, fresh, slice(3, 6))
    assert torch.equal(second, straight)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_values_that_are_not_finite_are_refused(tmp_path: Path, value: float) -> None:
    path = tmp_path / "w.safetensors"
    spoiled = torch.tensor([1.0, value])
    save_checkpoint(path, {"good": torch.ones(2), "weights.spoiled": spoiled}, ABOUT)
    with pytest.raises(CheckpointError, match=r"w\.safetensors: weights\.spoiled has values that"):
        load_checkpoint(path)


@pytest.mark.parametrize(
    "tensor",
    [
        torch.tensor([1e300], dtype=torch.float64),  # finite, but not as float32
        torch.zeros(2, dtype=torch.complex64),
        torch.zeros(2, dtype=torch.float8_e5m2),
    ],
)
def test_numbers_that_are_no_weights_are_refused(tmp_path: Path, tensor: Tensor) -> None:
    save_checkpoint(tmp_path / "w.safetensors", {"odd": tensor}, ABOUT)
    with pytest.raises(CheckpointError, match=r"w\.safetensors: odd"):
        load_checkpoint(tmp_path / "w.safetensors")


@pytest.mark.parametrize("header", ["1", "null", "[]", '"x"', "[" * 100_000, "1" * 5000])
def test_a_header_that_is_no_object_is_refused(tmp_path: Path, header: str) -> None:
    path = tmp_path / "w.safetensors"
    save_file({"a": torch.zeros(2)}, path, metadata={"mohart": header})
    with pytest.raises(CheckpointError, match=r"w\.safetensors: its header is damaged"):
        load_checkpoint(path)
