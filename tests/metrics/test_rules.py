import json

import pytest

from mohart.errors import ConfigError
from mohart.metrics.rules import KittiRules, MotRules, PlainRules


def test_protocols_tell_the_rules_apart() -> None:
    rules = [MotRules("mot15"), MotRules("mot17"), MotRules("mot20"), KittiRules(), PlainRules()]
    rules.append(KittiRules(("car",)))
    texts = {json.dumps(rule.protocol().to_dict()) for rule in rules}
    assert len(texts) == len(rules)
    protocol = MotRules("mot20").protocol().to_dict()
    assert set(protocol) == {
        *("name", "version", "benchmark", "classes", "distractors", "iou_threshold"),
        "ignore_rules",
    }
    assert protocol["distractors"] == ["2", "6", "7", "8", "12"]
    assert KittiRules(("pedestrian",)).protocol().distractors == ("person sitting",)


def test_unknown_names() -> None:
    with pytest.raises(ConfigError, match="benchmark: 'mot18'"):
        MotRules("mot18")  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="class: 'truck'"):
        KittiRules(("truck",))  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="none of them twice"):
        KittiRules(("car", "car"))
