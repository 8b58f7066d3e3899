from __future__ import annotations

from pathlib import Path

import cv2
import pytest
import torch

from mohart.errors import ConfigError, FormatError, MissingDataError
from mohart.probes.set_limits import (
    SetNetwork,
    Trial,
    draw_errors,
    draw_sets,
    from_csv,
    mean_error,
    median,
    run_trial,
    to_csv,
    turning_table,
    turning_width,
)


def test_the_median_by_hand() -> None:
    sets = torch.tensor([[0.9, 0.1, 0.4], [0.3, 0.2, 0.8]])
    torch.testing.assert_close(median(sets), torch.tensor([0.4, 0.3]))
    torch.testing.assert_close(median(torch.tensor([[0.4, 0.1, 0.9, 0.2]])), torch.tensor([0.3]))


@pytest.mark.parametrize("pool", ["sum", "mean", "max"])
def test_the_order_of_a_set_does_not_matter(pool: str) -> None:
    torch.manual_seed(0)
    network = SetNetwork(4, pool).double()  # type: ignore[arg-type]
    sets = torch.rand(5, 7, dtype=torch.float64)
    torch.testing.assert_close(network(sets), network(sets[:, torch.randperm(7)]))
    assert network(sets).shape == (5,)


def test_pools_do_what_their_names_say() -> None:
    sets = torch.rand(3, 5)
    outputs = []
    for pool in ("sum", "mean", "max"):
        torch.manual_seed(0)
        network = SetNetwork(4, pool)  # type: ignore[arg-type]
        network.rho = torch.nn.Identity()  # type: ignore[assignment]
        outputs.append((network(sets), network.phi(sets[..., None])[..., 0]))
    for (found, latent), wanted in zip(outputs, ("sum", "mean", "amax"), strict=True):
        torch.testing.assert_close(found, getattr(latent, wanted)(1))


def test_sets_lie_in_0_to_1_and_have_different_shapes() -> None:
    sets = draw_sets(500, 40, torch.Generator().manual_seed(0))
    assert sets.min() >= 0
    assert sets.max() <= 1
    means = sets.mean(1)
    assert means.min() < 0.2
    assert means.max() > 0.8


def test_a_trial_depends_on_its_arguments_alone_and_leaves_the_global_seed_alone() -> None:
    torch.manual_seed(5)
    before = torch.get_rng_state()
    first = run_trial("sum", 3, 2, steps=20)
    assert torch.equal(torch.get_rng_state(), before)
    torch.manual_seed(6)
    assert run_trial("sum", 3, 2, steps=20) == first
    assert run_trial("sum", 3, 2, steps=20, seed=1) != first


@pytest.mark.slow
def test_training_and_width_help() -> None:
    narrow, wide = (run_trial("sum", 3, width, steps=400).rmse for width in (1, 8))
    begun = run_trial("sum", 3, 1, steps=1).rmse
    assert wide < 0.7 * narrow  # one number can not tell the median of three from their mean
    assert narrow < 0.5 * begun


@pytest.mark.parametrize(
    ("errors", "width"),
    [
        ({1: 0.3, 2: 0.1, 4: 0.02, 8: 0.019, 16: 0.02}, 4),
        ({1: 0.3, 2: 0.2, 4: 0.1}, 4),
        ({1: 0.1, 2: 0.09}, 1),
        ({4: 0.1, 1: 0.3, 2: 0.1}, 2),
        ({1: 0.1, 2: 0.3, 4: 0.09}, 1),
        ({7: 0.5}, 7),
    ],
)
def test_the_turning_width_is_the_first_that_no_larger_one_beats(
    errors: dict[int, float], width: int
) -> None:
    assert turning_width(errors) == width


def test_a_table_of_no_widths_is_refused() -> None:
    with pytest.raises(ConfigError, match="at least one width"):
        turning_width({})


TRIALS = [
    Trial("sum", 3, width, seed, 10, round(error + 0.001 * seed, 6))
    for width, error in ((1, 0.1), (2, 0.05), (4, 0.049))
    for seed in (0, 1)
] + [Trial("max", 3, 1, 0, 10, 0.2), Trial("max", 3, 2, 0, 10, 0.1)]


def test_tables_survive_the_disk_and_means_are_over_seeds(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text(to_csv(TRIALS[::-1]))
    assert sorted(from_csv(tmp_path / "t.csv"), key=str) == sorted(TRIALS, key=str)
    assert mean_error(TRIALS, "sum", 3) == pytest.approx({1: 0.1005, 2: 0.0505, 4: 0.0495})
    text = turning_table(TRIALS)
    assert "2 (0.0505)" in text
    assert ">= 2 (0.1000)" in text


@pytest.mark.slow
def test_the_picture_can_be_read(tmp_path: Path) -> None:
    draw_errors(tmp_path / "t.png", TRIALS)
    picture = cv2.imread(str(tmp_path / "t.png"))
    assert picture is not None
    assert picture.std() > 5


def test_errors(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="expected one of sum, mean, max"):
        run_trial("median", 3, 2)  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="size 0"):
        run_trial("sum", 0, 2)
    with pytest.raises(MissingDataError):
        from_csv(tmp_path / "none.csv")
    (tmp_path / "t.csv").write_text("a,b\n1,2\n")
    with pytest.raises(FormatError, match="no table of set_limits"):
        from_csv(tmp_path / "t.csv")
