"""`mohart eval` from a checkout: python tools/evaluate.py --help."""

import sys

from mohart.cli.main import main

sys.exit(main(["eval", *sys.argv[1:]]))
