"""What benchmarks write -> the rows of a kept file.

Both give a dict with `sets`, `results` (without a run), `differences` and `calibration` (or None),
see `pages.kept`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

SHOWN = ("HOTA", "IDF1", "IDSW")
STATES = {
    "held": "held (seen, box on it)",
    "astray": "astray (seen, box elsewhere)",
    "hidden": "hidden, or outside",
}


MEAN = "mean"  # the set that stands for all real videos of a board


def rounded(value: float, digits: int = 5) -> float:
    """Short enough for a file that people read."""
    return round(float(value), digits)


def kept_of_bench(content: Mapping[str, Any]) -> dict[str, Any]:
    """Of `mohart bench --json`: mean IoU with its interval, success, survival, both ends."""
    sets, results = [], []
    ends = {(row["set"], row["tracker"]): row for row in content["endurance"]}
    for entry in content["sets"]:
        sizes = f"{entry['windows']} windows, {entry['objects']} objects, {entry['pairs']:,} boxes"
        sets.append(
            {"name": entry["name"], "title": entry["name"], "about": f"{entry['about']}; {sizes}"}
        )
        for tracker, row in entry["trackers"].items():
            if row["iou"]["value"] is None:
                continue
            scores = {
                "iou": row["iou"]["value"],
                "iou_low": row["iou"]["low"],
                "iou_high": row["iou"]["high"],
                **{name: row[name]["value"] for name in ("success_50", "success_75", "survival")},
            }
            end = ends.get((entry["name"], tracker))
            if end is not None:
                scores |= {
                    "iou_early": end["early"],
                    "iou_late": end["late"],
                    "iou_kept": end["ratio"],
                }
            known = {name: rounded(value) for name, value in scores.items() if value is not None}
            results.append({"set": entry["name"], "tracker": tracker, "scores": known})
    differences = [
        {
            "set": row["set"],
            "subject": content["subject"],
            "rival": row["rival"],
            "score": "iou",
            **{
                name: None if row[name] is None else rounded(row[name])
                for name in ("difference", "low", "high")
            },
        }
        for row in content["summary"]
    ]
    if content.get("overview"):
        _add_mean(content["overview"], sets, results, differences)
    return {
        "sets": sets,
        "results": results,
        "differences": differences,
        "calibration": _calibration(content),
    }


def _add_mean(
    overview: Mapping[str, Any],
    sets: list[dict[str, str]],
    results: list[dict[str, Any]],
    differences: list[dict[str, Any]],
) -> None:
    """The mean over real videos as one more set, `mean`; the videos' own windows settle nothing."""
    videos = set(overview["videos"])
    differences[:] = [row for row in differences if row["set"] not in videos]
    about = f"mean of {len(videos)} videos, each weighing the same"
    sets.append({"name": MEAN, "title": "mean", "about": about})
    for tracker, row in overview["trackers"].items():
        scores = {"iou": row["mean"], **{k: row[k] for k in ("success_50", "success_75")}}
        known = {name: rounded(value) for name, value in scores.items()}
        results.append({"set": MEAN, "tracker": tracker, "scores": known})
    for rival, row in overview["against"].items():
        ends = {name: rounded(row[name]) for name in ("difference", "low", "high")}
        pair = {"set": MEAN, "subject": overview["subject"], "rival": rival, "score": "iou"}
        differences.append({**pair, **ends})


def _calibration(content: Mapping[str, Any]) -> dict[str, Any] | None:
    found = content["calibration"]
    if found is None:
        return None
    states = {
        STATES.get(kind, kind): {
            "answers": row["answers"],
            "shares": {word: rounded(share) for word, share in row.items() if word != "answers"},
        }
        for kind, row in found["states"].items()
        if row["answers"]
    }
    return {"subject": content["subject"], "error": rounded(found["error"]), "states": states}


def kept_of_online(content: Mapping[str, Any]) -> dict[str, Any]:
    """Of `tools/benchmark_online.py --json`: a set for every rate of detections.

    Of each rival the best by HOTA of its settings, for every view anew, as its page has it.
    """
    sets, results, differences = [], [], []
    for part in content["results"]:
        every = part["every"]
        name = f"{part['set']}-every-{every}"
        asked = "every frame" if every == 1 else f"every {every}th frame"
        sets.append(
            {"name": name, "title": f"{part['set']}, detections in {asked}", "about": part["about"]}
        )
        for rival in (False, True):
            names = dict.fromkeys(r["tracker"] for r in part["rows"] if r["rival"] == rival)
            for tracker in names:
                rows = [r for r in part["rows"] if (r["tracker"], r["rival"]) == (tracker, rival)]
                scores = _scores_of(rows)
                if scores:
                    shown = f"trackers:{tracker}" if rival else tracker
                    results.append({"set": name, "tracker": shown, "scores": scores})
        differences += _paired(name, part)
    return {"sets": sets, "results": results, "differences": differences, "calibration": None}


def _scores_of(rows: list[Mapping[str, Any]]) -> dict[str, float]:
    def best(views: tuple[str, ...]) -> Mapping[str, float] | None:
        found = [row["scores"] for row in rows if row["view"] in views]
        return max(found, key=lambda scores: scores["HOTA"], default=None)

    scores = {}
    online = best(("online", "called only then"))
    if online:
        scores = {name: rounded(online[name], 3) for name in SHOWN}
    for view, source in (("coasted", "coasted"), ("filled", "interpolated")):
        found = best((source,))
        if found:
            scores |= {f"{view}_{name}": rounded(found[name], 3) for name in SHOWN}
    return scores


def _paired(name: str, part: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Subject minus every rival's best, where several sequences allow an interval."""
    views = {"online": "", "coasted": "coasted_", "interpolated (offline)": "filled_"}
    return [
        {
            "set": name,
            "subject": item["tracker"],
            "rival": f"trackers:{rival}",
            "score": views[item["against"]] + score,
            **{word: rounded(row[word], 3) for word in ("difference", "low", "high")},
        }
        for item in part["against_rivals"]
        for rival, scores in item.get("paired", {}).items()
        for score, row in scores.items()
        if score in ("HOTA", "IDF1")
    ]
