"""What is measured of every object, and which way is better."""

from __future__ import annotations

from dataclasses import dataclass

from mohart.errors import ConfigError, did_you_mean


@dataclass(frozen=True)
class Metric:
    """A column of the results.

    Attributes:
        label: for people.
        higher_is_better: whether a larger value is better.
        places: decimals that are worth showing.
    """

    label: str
    higher_is_better: bool
    places: int = 3


METRICS = {
    "iou": Metric("mean IoU", True),
    "iou_end": Metric("IoU in the last frame", True),
    "ade": Metric("mean displacement, pixels", False, 2),
    "fde": Metric("displacement in the last frame, pixels", False, 2),
    "ade_sizes": Metric("mean displacement, sizes", False),
    "fde_sizes": Metric("displacement in the last frame, sizes", False),
    "taken": Metric("share of frames on another object", False),
}
KEYS = ("sequence", "object")  # together they name an object of the test clips
TRAITS = ("neighbours", "visibility")  # of the object, by the truth
COLUMNS = (*KEYS, *METRICS, *TRAITS)


def find_metric(name: str) -> Metric:
    """The metric of that name.

    Raises:
        ConfigError: there is none.
    """
    if name not in METRICS:
        raise ConfigError(f"--metric {name}: unknown metric{did_you_mean(name, METRICS)}")
    return METRICS[name]
