"""`mohart track` from a checkout: python tools/track.py --help."""

import sys

from mohart.cli.main import main

sys.exit(main(["track", *sys.argv[1:]]))
