from mohart.formats.annotation import Annotation
from mohart.formats.detrac.write import render_detrac
from mohart.structures import Tracks


def test_regions_targets_and_losses() -> None:
    still, moving = [5, 5, 9, 9], [[1, 1, 2, 2], [2, 2, 3, 3]]
    tracks = Tracks.from_columns(
        [0, 1, 0, 1, 1],
        [-1, -1, -1, -1, 4],
        [still, still, *moving, [10.5, 20, 40, 60]],
        ignored=[1, 1, 1, 1, 0],
        class_id=[9, 9, 9, 9, 1],
        visibility=[1, 1, 1, 1, 0.5],
    )
    record = Annotation(
        tracks=tracks,
        classes={1: "car", 9: "DontCare"},
        name="a",
        width=960,
        height=540,
        extras={"speed": ("", "", "", "", "3.5"), "odd name": ("", "", "", "", "x")},
    )
    rendered = render_detrac(record)
    assert rendered.content == (
        '<?xml version="1.0" encoding="utf-8"?>\n'
        '<sequence name="a">\n'
        "  <ignored_region>\n"
        '    <box left="5" top="5" width="4" height="4"/>\n'
        "  </ignored_region>\n"
        '  <frame density="0" num="1">\n'
        "    <target_list>\n"
        "    </target_list>\n"
        "  </frame>\n"
        '  <frame density="1" num="2">\n'
        "    <target_list>\n"
        '      <target id="4">\n'
        '        <box left="10.5" top="20" width="29.5" height="40"/>\n'
        '        <attribute speed="3.5" visibility="0.5" vehicle_type="car"/>\n'
        "      </target>\n"
        "    </target_list>\n"
        "  </frame>\n"
        "</sequence>\n"
    )
    assert rendered.lost == [
        "identity: UA-DETRAC needs one, boxes without are left out (2 of 5 boxes)",
        "video: UA-DETRAC has no place for size 960x540",
        "odd name: UA-DETRAC has no place for it, dropped (1 of 5 boxes)",
        "class number: UA-DETRAC keeps names only; 9 DontCare will be 5",
    ]
