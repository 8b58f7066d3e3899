"""mohart.build, the old name of mohart.assembly."""

from __future__ import annotations

import importlib
import sys
import time

import pytest

from mohart import assembly, cores
from mohart.assembly import device


@pytest.mark.filterwarnings("default")
def test_the_old_name_has_the_same_functions_and_says_the_new_one() -> None:
    for name in [name for name in sys.modules if name.split(".")[:2] == ["mohart", "build"]]:
        del sys.modules[name]
    with pytest.warns(DeprecationWarning, match="mohart.build is mohart.assembly now"):
        old = importlib.import_module("mohart.build")
    assert old.build_tracker is assembly.build_tracker
    assert importlib.import_module("mohart.build.tracker").build_tracker is assembly.build_tracker
    assert importlib.import_module("mohart.build.detector").build_detector is old.build_detector
    places = importlib.import_module("mohart.build.device")
    assert places.usable_cores is cores.usable_cores
    assert places.choose_device is device.choose_device
    assert places.time is time
