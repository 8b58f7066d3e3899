import numpy as np
import pytest

from mohart.errors import ConfigError, ShapeError
from mohart.metrics.labels import Labels
from mohart.structures import Tracks

BOX = [0, 0, 10, 10]


def test_rows_of_a_frame_keep_their_order() -> None:
    labels = Labels.from_columns([1, 0, 1, 0], [5, 9, 3, 2], [BOX] * 4, class_id=[1, 2, 3, 4])
    assert labels.frame.tolist() == [0, 0, 1, 1]
    assert labels.track_id.tolist() == [9, 2, 5, 3]
    assert labels.class_id.tolist() == [2, 4, 1, 3]
    assert labels.flagged.all()
    assert not labels.truncated.any()
    assert labels.select(labels.frame == 1).track_id.tolist() == [5, 3]


def test_from_tracks() -> None:
    tracks = Tracks.from_columns([0, 0], [1, 2], [BOX] * 2, ignored=[False, True], class_id=[1, 7])
    labels = Labels.from_tracks(tracks)
    assert labels.flagged.tolist() == [True, False]
    assert labels.class_id.tolist() == [1, 7]


def test_errors() -> None:
    labels = Labels.from_columns([0, 1], [1, 1], [BOX] * 2)
    with pytest.raises(ConfigError, match="sorted by frame"):
        labels.select(np.array([1, 0]))  # type: ignore[arg-type]
    with pytest.raises(ShapeError):
        Labels.from_columns([0, 1], [1], [BOX] * 2)
    assert len(Labels.empty()) == 0
