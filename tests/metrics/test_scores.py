import json

from mohart.metrics.rules import PlainRules
from mohart.metrics.scores import Dataset, ScoreRow, Scores
from mohart.metrics.text_table import format_columns


def made() -> Scores:
    rows = [
        ScoreRow(tracker="t", class_name="object", sequence=name, scores=values)
        for name, values in (
            ("a", {"HOTA": 12.34567, "FP": 3}),
            ("COMBINED", {"HOTA": None, "FP": 4}),
        )
    ]
    dataset = Dataset(name="d", split="all", sequences={"a": 7}, truth_sha256="0" * 64)
    return Scores(protocol=PlainRules().protocol(), dataset=dataset, rows=tuple(rows))


def test_text_table() -> None:
    assert made().table("object").splitlines() == [
        "sequence    HOTA  FP",
        "a         12.346   3",
        "COMBINED       -   4",
    ]
    assert made().table("car") == "sequence"


def test_csv() -> None:
    assert made().to_csv().splitlines() == [
        "tracker,class,sequence,HOTA,FP",
        "t,object,a,12.345670,3",
        "t,object,COMBINED,,4",
    ]


def test_dict_is_ready_for_json() -> None:
    content = json.loads(json.dumps(made().to_dict(), allow_nan=False))
    assert content["dataset"]["frames"] == 7
    assert content["protocol"]["version"] == 1
    assert content["rows"][0]["scores"] == {"HOTA": 12.34567, "FP": 3}


def test_columns_are_aligned() -> None:
    assert format_columns([["a", "bb"], ["ccc", "d"]]) == "a    bb\nccc   d"
