"""What the site needs beyond mkdocs: records in the menu, roles of docstrings as code.

mkdocs.yml names this file; mkdocs calls its functions while it builds.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

ROLE = re.compile(r":(?:func|class|mod|meth|attr):(<code>)")
RECORD = re.compile(r"\d{4}-[\w-]+\.md")
DRAWERS = {"Experiments": "experiments", "Decisions": "decisions"}


def on_config(config: Any) -> Any:
    """Put every record into the menu behind its index, in the order of the numbers."""
    docs = Path(config["docs_dir"])
    for section in config["nav"]:
        for entries in section.values():
            for entry in entries if isinstance(entries, list) else []:
                for name, pages in entry.items() if isinstance(entry, dict) else []:
                    if name in DRAWERS:
                        folder = docs / DRAWERS[name]
                        found = sorted(p for p in folder.iterdir() if RECORD.fullmatch(p.name))
                        pages += [path.relative_to(docs).as_posix() for path in found]
    return config


def on_page_content(html: str, **_: Any) -> str:
    """Names that docstrings mark with a Sphinx role are shown as code, without the role."""
    return ROLE.sub(r"\1", html)
