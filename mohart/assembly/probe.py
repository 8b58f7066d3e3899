"""Weights -> what their layers know."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import torch

from mohart.assembly.data import TEST_SEED, share_sequences, stream_test
from mohart.assembly.device import choose_device
from mohart.assembly.probed import Probed
from mohart.assembly.weights import Loaded, load_model
from mohart.config.loader import config_from, load_config, override, to_dict
from mohart.config.schema import Config
from mohart.errors import ConfigError, FormatError, OutputError
from mohart.facts import FACTS, find_fact
from mohart.files import write_text
from mohart.formats.text import read_text
from mohart.model.layers import LAYERS, LOOKING, Layer
from mohart.probes.layers.collect import Heard, listen
from mohart.probes.layers.fit import Reader, Reading, read_layer
from mohart.structures import Clip

PROBE_SEED = 3_000_003  # clips that stethoscopes are fitted to: not touched by training or tests
ORDER, CELLS, FORMAT = "order.json", "readings", 3


@dataclass(frozen=True, kw_only=True)
class ProbeOrder:
    """Everything that decides what a probe finds.

    Attributes:
        weights: name -> sha256 of the files that are probed.
        layers: that are read.
        labels: that are asked for.
        config: whose data are shown, as nested dicts.
        clips: that stethoscopes are fitted to.
        test_clips: that they are scored on.
        length: frames of a clip.
        every: frames from one that counts to the next.
        seeds: stethoscopes for every layer and label.
        reader: what they are, `mlp` or `linear`.
    """

    weights: dict[str, str]
    layers: tuple[str, ...]
    labels: tuple[str, ...]
    config: dict[str, object]
    clips: int
    test_clips: int
    length: int
    every: int
    seeds: int
    reader: Reader


def choose(text: str, known: Sequence[str], what: str) -> tuple[str, ...]:
    """`all`, or names separated by commas -> names in the order of `known`.

    Raises:
        ConfigError: a name is unknown.
    """
    if text == "all":
        return tuple(known)
    wanted = [part.strip() for part in text.split(",")]
    for name in wanted:
        if what == "label":
            find_fact(name)
        elif name not in known:
            raise ConfigError(f"--{what} {name}: is none of {', '.join(known)}")
    return tuple(name for name in known if name in wanted)


def data_of(weights: Path, config: Path | None, changes: Sequence[str]) -> Config:
    """The settings whose clips are shown: of the weights, or of another configuration.

    All objects of a generated scene are followed, so that the labels speak of objects that the
    network can know of.
    """
    if config is None:
        given = override(to_dict(load_model(weights).config), changes)
        chosen = config_from(given)
    else:
        chosen = load_config(config, changes)
    named = any(change.startswith("data.objects=") for change in changes)
    if chosen.data.world is None and not named:
        most = chosen.data.generator.objects[1]
        chosen = replace(chosen, data=replace(chosen.data, objects=most))
    return chosen


def plan_probe(
    weights: Sequence[Probed],
    config: Config,
    *,
    layers: str = "all",
    labels: str = "all",
    clips: int,
    test_clips: int,
    length: int,
    every: int,
    seeds: int,
    reader: Reader,
) -> ProbeOrder:
    """The order of a probe.

    Raises:
        ConfigError: a name is unknown or there twice, or a number is out of range.
    """
    names = [one.name for one in weights]
    for name in names:
        if names.count(name) > 1:
            raise ConfigError(f"probe: two weights are called '{name}'; give other names to files")
    if min(clips, test_clips, seeds, every) < 1 or length < 3:
        raise ConfigError(
            "probe: expected --clips, --test-clips, --seeds and --every of at least 1, --length "
            "of at least 3"
        )
    chosen = choose(layers, LAYERS, "layer")
    if config.data.sight == "boxes":
        if layers != "all" and any(layer in LOOKING for layer in chosen):
            raise ConfigError(
                f"--layer {layers}: with data.sight: boxes only relation and memory do something"
            )
        chosen = tuple(layer for layer in chosen if layer not in LOOKING)
    return ProbeOrder(
        weights={one.name: hashlib.sha256(one.path.read_bytes()).hexdigest() for one in weights},
        layers=chosen,
        labels=choose(labels, [fact.name for fact in FACTS], "label"),
        config=json.loads(json.dumps(to_dict(config.data))),
        clips=clips,
        test_clips=test_clips,
        length=length,
        every=every,
        seeds=seeds,
        reader=reader,
    )


def probe(
    order: ProbeOrder,
    weights: Sequence[Probed],
    config: Config,
    folder: Path,
    *,
    device: str,
    report: Callable[[str, int, int], None],
) -> Iterator[tuple[str, Reading]]:
    """The readings of all weights, under their model's name; those in the folder are kept.

    Args:
        order: of `plan_probe`.
        weights: that are read.
        config: whose data are shown.
        folder: keeps order.json and readings/NAME/LAYER.LABEL.json.
        device: where the models compute.
        report: is told (what, done, of how many).

    Raises:
        OutputError: the folder holds the readings of another order.
        FormatError: a file in it is damaged.
    """
    _agree(folder / ORDER, order)
    cells = [(layer, label) for layer in order.layers for label in order.labels]
    if len(weights) > 1:
        share_sequences()
    for one in weights:
        name = one.name
        files = {cell: folder / CELLS / name / "{}.{}.json".format(*cell) for cell in cells}
        if not all(file.is_file() for file in files.values()):
            loaded = load_model(one.path)
            training, test = _heard(order, loaded, config, device, name, report)
            for done, ((layer, label), file) in enumerate(files.items()):
                report(f"{name}: {layer}, {label}", done, len(files))
                if not file.is_file():
                    _write(file, _read(training, test, layer, label, order))
        for file in files.values():
            reading = _load(file)
            if reading is not None:
                yield one.model, reading


def _heard(
    order: ProbeOrder,
    loaded: Loaded,
    config: Config,
    device: str,
    name: str,
    report: Callable[[str, int, int], None],
) -> tuple[Heard, Heard]:
    """What the layers hold on the clips to fit to, and on those of the test."""
    layers: list[Layer] = [layer for layer in LAYERS if layer in order.layers]
    model = loaded.model.to(choose_device(device))
    found = []
    for seed, clips in ((PROBE_SEED, order.clips), (TEST_SEED, order.test_clips)):
        shown: Iterator[Clip] = stream_test(config, clips, order.length, seed=seed, facts=True)

        def progress(done: int, clips: int = clips) -> None:
            report(f"{name}: listening", min(clips, 8 * done), clips)

        sight = config.data.sight
        found.append(
            listen(model, shown, layers=layers, sight=sight, every=order.every, progress=progress)
        )
    return found[0], found[1]


def _read(
    training: Heard, test: Heard, layer: str, label: str, order: ProbeOrder
) -> Reading | None:
    known = [name for name in training.layers if name == layer]
    if not known:
        return None  # it never did anything
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # the networks are too small for more, and sums stay the same
    try:
        return read_layer(training, test, known[0], label, seeds=order.seeds, reader=order.reader)
    finally:
        torch.set_num_threads(threads)


def _agree(path: Path, order: ProbeOrder) -> None:
    text = json.dumps({"format": FORMAT, **asdict(order)}, sort_keys=True, indent=1) + "\n"
    if not path.is_file():
        if path.parent.is_dir() and any(path.parent.iterdir()) and (path.parent / CELLS).exists():
            raise OutputError(f"{path.parent}: has readings but no {ORDER}; choose another with -o")
        write_text(path, text)
    elif read_text(path) != text:
        raise OutputError(
            f"{path.parent}: holds the readings of another order (see {ORDER}); choose another "
            "folder with -o, or remove this one"
        )


def _write(path: Path, reading: Reading | None) -> None:
    write_text(path, json.dumps(None if reading is None else asdict(reading)) + "\n")


def _load(path: Path) -> Reading | None:
    with suppress(ValueError, TypeError):
        content = json.loads(read_text(path))
        return None if content is None else Reading(**content)
    raise FormatError(f"{path}: no reading of mohart probe; remove it, and it is made again")
