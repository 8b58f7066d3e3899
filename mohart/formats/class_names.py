"""Names of classes and their numbers in the vocabularies that are known.

Conventions: a vocabulary is number -> name. Files with names only (CVAT, UA-DETRAC) get the numbers
of the first vocabulary that has all of their names, letter by letter.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

MOT_CLASSES = {
    1: "pedestrian",
    2: "person_on_vehicle",
    3: "car",
    4: "bicycle",
    5: "motorbike",
    6: "non_mot_vehicle",
    7: "static_person",
    8: "distractor",
    9: "occluder",
    10: "occluder_on_ground",
    11: "occluder_full",
    12: "reflection",
    13: "crowd",
}
KITTI_CLASSES = {
    1: "Car",
    2: "Van",
    3: "Truck",
    4: "Pedestrian",
    5: "Person",
    6: "Cyclist",
    7: "Tram",
    8: "Misc",
    9: "DontCare",
}
DETRAC_CLASSES = {1: "car", 2: "van", 3: "bus", 4: "others"}
DONT_CARE_NAME = "DontCare"

_SAME = {
    "personsitting": "person",
    "nonmotorizedvehicle": "nonmotvehicle",
    "occluderontheground": "occluderonground",
}


def class_name(classes: Mapping[int, str], number: int) -> str:
    """The name of a class, `class_7` where it has none.

    >>> class_name({1: "car"}, 7)
    'class_7'
    """
    return classes.get(number, f"class_{number}")


def nearest_class(name: str, vocabulary: Mapping[int, str]) -> int | None:
    """Number of the class with this name, whatever its case, blanks and hyphens.

    >>> nearest_class("Person on vehicle", MOT_CLASSES)
    2
    """
    wanted = _plain(name)
    return next((number for number, known in vocabulary.items() if _plain(known) == wanted), None)


def vocabulary_of(names: Iterable[str], *preferred: Mapping[int, str]) -> dict[int, str]:
    """Numbers for names.

    Args:
        names: all names of a file.
        preferred: vocabularies to try, in this order.

    Returns:
        The first vocabulary with all names, otherwise the names in alphabetical order from 1.

    >>> vocabulary_of(["tram", "dog"], MOT_CLASSES)
    {1: 'dog', 2: 'tram'}
    """
    found = set(names)
    for vocabulary in preferred:
        if found and found <= set(vocabulary.values()):
            return dict(vocabulary)
    return dict(enumerate(sorted(found), 1))


def numbers_of(vocabulary: Mapping[int, str]) -> dict[str, int]:
    """Name -> number; the last one where a name is there twice."""
    return {name: number for number, name in vocabulary.items()}


def _plain(name: str) -> str:
    letters = "".join(letter for letter in name.lower() if letter.isalnum())
    return _SAME.get(letters, letters)
