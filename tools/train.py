"""`mohart train` from a checkout: python tools/train.py --help."""

import sys

from mohart.cli.main import main

sys.exit(main(["train", *sys.argv[1:]]))
