"""Old name of :mod:`mohart.assembly.device`.

The number of threads is not chosen by a timing any more. `time`, whose clock that read, is still
found here, so that programs which put their own clock there go on running.
"""

from __future__ import annotations

import time

from mohart.assembly.device import choose_device
from mohart.cores import usable_cores

__all__ = ["choose_device", "time", "usable_cores"]
