"""One HTML page that holds everything: no script, no font and no picture from anywhere else."""

from __future__ import annotations

import base64
import html
import json
from collections.abc import Mapping, Sequence

from mohart.ablation.blocks import Gathered
from mohart.ablation.findings import ALL, Findings
from mohart.ablation.metrics import METRICS
from mohart.ablation.strata import TRAITS
from mohart.ablation.tables import (
    effect_rows,
    interval,
    mean_rows,
    signed,
    trait_rows,
)

STYLE = """
:root { color-scheme: light dark; --ink: #1c2526; --soft: #5d6b6c; --line: #d5dcdc; --back: #fff }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e4eaea; --soft: #9fb0b1; --line: #3a4647; --back: #14191a }
}
body { font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--back);
       max-width: 62rem; margin: 0 auto; padding: 1rem }
h1 { font-size: 1.5rem; margin: 0.5rem 0 } h2 { font-size: 1.15rem; margin: 2rem 0 0.5rem }
p, li { max-width: 46rem } .soft { color: var(--soft); font-size: 0.9rem }
.wide { overflow-x: auto; margin: 0.5rem 0 }
table { border-collapse: collapse; font-size: 0.9rem; font-variant-numeric: tabular-nums }
th, td { padding: 0.25rem 0.7rem; border-bottom: 1px solid var(--line); text-align: right;
         white-space: nowrap }
th:first-child, td:first-child { text-align: left } th { color: var(--soft); font-weight: 600 }
img { width: 100%; height: auto; background: #fff; border-radius: 6px; margin: 0.3rem 0 }
pre { overflow-x: auto; font-size: 0.8rem; border: 1px solid var(--line); padding: 0.7rem }
"""


def to_page(
    findings: Findings, gathered: Gathered, pictures: Mapping[str, tuple[str, bytes]], title: str
) -> str:
    """The page's text.

    Args:
        findings: all numbers.
        gathered: for the orders behind them.
        pictures: name -> (what it shows, PNG).
        title: of the page.
    """
    label = METRICS[findings.metric].label
    body = [f"<h1>{_text(title)}</h1>", f'<p class="soft">{_text(_subtitle(findings, label))}</p>']
    body += [_list(_headlines(findings))]
    for block in findings.blocks:
        body.append(f"<h2>{_text(block.setting or 'Means')}</h2>")
        body.append(_table(mean_rows(findings, block)))
        body.append(_table(effect_rows(findings, block)))
    for name, (caption, png) in pictures.items():
        data = base64.b64encode(png).decode("ascii")
        body.append(f"<h2>{_text(caption)}</h2>")
        body.append(
            f'<img src="data:image/png;base64,{data}" alt="{_text(caption)}" id="{_text(name)}">'
        )
    body.append("<h2>By neighbours and occlusion</h2>")
    for block in findings.blocks:
        if block.setting:
            body.append(f'<p class="soft">{_text(block.setting)}</p>')
        body += [_table(trait_rows(findings, block, trait)) for trait in TRAITS]
    body += ["<h2>How it was done</h2>", _list(findings.notes), _details(gathered)]
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{_text(title)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n"
        + "\n".join(part for part in body if part)
        + "\n</body>\n</html>\n"
    )


def _subtitle(findings: Findings, label: str) -> str:
    sizes = [
        f"{f'{block.setting}: ' if block.setting else ''}{len(block.variants)} variants × "
        f"{len(block.seeds)} seeds, {block.sequences} test sequences, "
        f"{len(block.sequence)} objects"
        for block in findings.blocks
    ]
    return f"{label}. " + "; ".join(sizes) + "."


def _headlines(findings: Findings) -> list[str]:
    """A sentence per effect."""
    sentences = []
    for block in findings.blocks:
        where = f"{block.setting}: " if block.setting else ""
        for effect in findings.effects_of(block.setting, ALL):
            value = signed(effect.difference.value, findings.metric)
            ends = interval(effect.difference, findings.metric, sign="+")
            sentences.append(
                f"{where}{effect.variant} against {effect.reference}: {value} ({ends}), "
                f"{effect.verdict}"
            )
    return sentences


def _table(rows: Sequence[Sequence[str]]) -> str:
    if len(rows) < 2:
        return ""
    head = "".join(f"<th>{_text(cell)}</th>" for cell in rows[0])
    lines = [
        "<tr>" + "".join(f"<td>{_text(cell)}</td>" for cell in row) + "</tr>" for row in rows[1:]
    ]
    return f'<div class="wide"><table><tr>{head}</tr>\n' + "\n".join(lines) + "</table></div>"


def _list(sentences: Sequence[str]) -> str:
    items = "\n".join(f"<li>{_text(sentence)}</li>" for sentence in sentences)
    return f"<ul>\n{items}\n</ul>" if sentences else ""


def _details(gathered: Gathered) -> str:
    """Versions and the first cell's configuration, folded away."""
    order = gathered.orders[0]
    config = json.dumps(order.config, indent=1)
    versions = json.dumps(list(gathered.versions), indent=1)
    return (
        f"<details><summary>Configuration of {_text(order.name)}</summary>\n"
        f"<pre>{_text(config)}</pre></details>\n"
        f"<details><summary>Versions</summary>\n<pre>{_text(versions)}</pre></details>"
    )


def _text(text: str) -> str:
    return html.escape(text)
