"""`python -m mohart` is `mohart`."""

from mohart.cli.main import entry

if __name__ == "__main__":
    entry()
