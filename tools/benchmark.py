"""`mohart bench` from a checkout: python tools/benchmark.py --help."""

import sys

from mohart.cli.main import main

sys.exit(main(["bench", *sys.argv[1:]]))
