"""Routing: what reaches r and what does not; and a short training."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from mohart.errors import ConfigError, FormatError
from mohart.probes.equivae.digits import Digits, label_some, load_digits
from mohart.probes.equivae.network import EquiVae, class_means, routed
from mohart.probes.equivae.pictures import draw_parts
from mohart.probes.equivae.trial import Trial, from_csv, run_trial, to_csv, to_table


def digits() -> tuple[Digits, Digits]:
    pytest.importorskip("sklearn", reason="scikit-learn ships the digits")
    return load_digits()


def test_an_example_never_reaches_its_own_r() -> None:
    embedded = torch.eye(5, requires_grad=True)
    classes = torch.tensor([0, 0, 0, 1, 1])
    for count in (1, 2, 4):
        r = routed(embedded, classes, torch.rand(5, 5), count)
        assert torch.equal(r.diagonal(), torch.zeros(5))
        assert torch.equal((r > 0) & (classes[:, None] != classes), torch.zeros(5, 5) > 0)
        torch.testing.assert_close(r.sum(1), torch.ones(5))
    assert (routed(embedded, classes, torch.rand(5, 5), 2)[:3] > 0).sum().item() == 6
    alone = routed(embedded, torch.arange(5), torch.rand(5, 5), 2)
    assert torch.equal(alone, torch.eye(5))


def test_means_of_classes() -> None:
    embedded = torch.tensor([[1.0, 0], [3, 0], [0, 4]])
    means = class_means(embedded, torch.tensor([0, 0, 1]), 3)
    assert means.tolist() == [[2, 0], [0, 4], [0, 0]]


def test_the_bound_is_the_formula() -> None:
    torch.manual_seed(0)
    network = EquiVae(invariant=3, equivariant=2, hidden=4)
    x, r, noise = torch.rand(2, 64), torch.randn(2, 3), torch.randn(2, 2)
    middle, spread = network.posterior(x, r)
    drawn = torch.distributions.Normal(middle, spread)
    prior = torch.distributions.Normal(torch.zeros(2), torch.ones(2))
    kl = torch.distributions.kl_divergence(drawn, prior).sum(-1)
    p = network.picture(r, middle + spread * noise)
    likely = (x * p.log() + (1 - x) * (1 - p).log()).sum(-1)
    torch.testing.assert_close(network.bound(x, r, noise), likely - kl, rtol=1e-4, atol=1e-3)


def test_the_nearest_r_is_the_most_probable_class() -> None:
    torch.manual_seed(0)
    network = EquiVae()
    r, x = torch.randn(10, 16), torch.rand(7, 64)
    log_q = network.log_classes(x, r)
    torch.testing.assert_close(log_q.exp().sum(-1), torch.ones(7))
    apart = torch.cdist(network.embed(x), r)
    assert torch.equal(log_q.argmax(-1), apart.argmin(-1))


@pytest.mark.slow
def test_some_labels_of_every_class() -> None:
    training, test = digits()
    assert (len(training.classes), len(test.classes)) == (1297, 500)
    told, others = label_some(training, 50, seed=1)
    assert torch.bincount(told.classes).tolist() == [5] * 10
    assert len(told.classes) + len(others.classes) == 1297
    again, _ = label_some(training, 50, seed=2)
    assert not torch.equal(told.pixels, again.pixels)
    with pytest.raises(ConfigError, match="expected a number of labels"):
        label_some(training, 55, seed=0)


@pytest.mark.slow
def test_a_short_training_is_far_from_chance_and_is_drawn() -> None:
    training, test = digits()
    short = run_trial(training, test, "equivae", labels=100, seed=0, steps=20)
    assert short == run_trial(training, test, "equivae", labels=100, seed=0, steps=20)
    assert (
        run_trial(training, test, "equivae", labels=0, seed=0, steps=300).error < 45
    )  # chance: 90
    assert run_trial(training, test, "equivae", labels=100, seed=0, steps=150).error < 80
    assert run_trial(training, test, "benchmark", labels=0, seed=0, steps=150).error < 15
    pytest.importorskip("matplotlib", reason="draws with matplotlib")
    assert draw_parts(EquiVae().requires_grad_(False), training, test).startswith(b"\x89PNG")


def test_tables(tmp_path: Path) -> None:
    trials = [Trial("equivae", 0, seed, 9, 2.0 + seed) for seed in range(3)]
    trials.append(Trial("benchmark", 100, 0, 9, 12.5))
    text = to_table(trials)
    assert "3.00 ± 2.48" in text  # t(2) = 4.303, 1 / sqrt(3)
    assert "100 labels" in text
    assert "12.50" in text
    assert "equivae - benchmark" not in text  # no seed has both
    both = [*trials, *(Trial("benchmark", 0, seed, 9, 3.0 - seed) for seed in (1, 0))]
    line = to_table(both).splitlines()[-1]
    # seed 0: 2 - 3, seed 1: 3 - 2; t(1) = 12.706, a spread of sqrt(2) over sqrt(2)
    assert line.split()[-4:] == ["-", "+0.00", "±", "12.71"]
    (tmp_path / "t.csv").write_text(to_csv(trials))
    assert sorted(map(repr, from_csv(tmp_path / "t.csv"))) == sorted(map(repr, trials))
    (tmp_path / "t.csv").write_text("a,b\n1,2\n")
    with pytest.raises(FormatError, match="no table of equivae"):
        from_csv(tmp_path / "t.csv")
    with pytest.raises(ConfigError, match="expected one of equivae"):
        run_trial(
            *2 * [Digits(torch.zeros(1, 64), torch.zeros(1).long())],
            "vae",
            labels=0,
            seed=0,
            steps=1,
        )  # type: ignore[arg-type]
