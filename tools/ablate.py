"""`mohart ablate` from a checkout: python tools/ablate.py --help."""

import sys

from mohart.cli.main import main

sys.exit(main(["ablate", *sys.argv[1:]]))
