import pytest

from mohart.formats.class_names import (
    DETRAC_CLASSES,
    KITTI_CLASSES,
    MOT_CLASSES,
    class_name,
    nearest_class,
    numbers_of,
    vocabulary_of,
)


@pytest.mark.parametrize(
    ("name", "vocabulary", "number"),
    [
        ("pedestrian", KITTI_CLASSES, 4),
        ("Person_sitting", KITTI_CLASSES, 5),
        ("Car", MOT_CLASSES, 3),
        ("non motorized vehicle", MOT_CLASSES, 6),  # CVAT's names
        ("occluder on the ground", MOT_CLASSES, 10),
        ("Others", DETRAC_CLASSES, 4),
        ("dog", MOT_CLASSES, None),
    ],
)
def test_the_same_class_by_another_spelling(
    name: str, vocabulary: dict[int, str], number: int | None
) -> None:
    assert nearest_class(name, vocabulary) == number


def test_numbers_for_names() -> None:
    assert vocabulary_of(["van", "car"], MOT_CLASSES, DETRAC_CLASSES) == DETRAC_CLASSES
    assert vocabulary_of(["Car"], MOT_CLASSES, KITTI_CLASSES) == KITTI_CLASSES  # case counts
    assert vocabulary_of(["dog", "car"], MOT_CLASSES) == {1: "car", 2: "dog"}
    assert vocabulary_of([], MOT_CLASSES) == {}
    assert class_name({}, 3) == "class_3"
    assert numbers_of({1: "a", 2: "b"}) == {"a": 1, "b": 2}
