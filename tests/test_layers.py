"""The floors and rooms of the house: a module imports only from floors below its own."""

import ast
import subprocess
import sys
import tokenize
from collections import Counter
from collections.abc import Iterable
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import mohart

ROOT = Path(mohart.__file__).parent
TOOLS = ROOT.parent / "tools"
FACADE = "the facade"  # mohart/__init__.py, which hands out the loaders from the top
FLOORS = [
    {"errors"},
    # weights: data
    {"files", "aliases", "boxes", "columns", "cores", "palette", "versions", "weights"},
    {"locks", "stopping"},
    {"folders", "structures", "config", "nn", "training", "plots", "fleet", "facts"},
    {"keyframes", "regions"},
    {"metrics", "formats", "draw"},
    {"video"},  # a MOT folder is read with the help of its seqinfo.ini
    {"model", "data", "ablation"},
    {"tracking", "synth", "probes"},
    {"assembly", "evaluation", "session"},
    {"app", "report", "build"},  # build: the old name of assembly
    {FACADE},
    {"cli"},
    {"__main__"},
]
FLOOR_OF = {name: level for level, names in enumerate(FLOORS) for name in names}
KNOW_CONFIG = {"config", "assembly", "cli"}
WITHOUT_TORCH = [
    *("metrics", "formats", "ablation", "fleet", "plots.py", "versions.py", "stopping.py"),
    *("weights", "evaluation", "session", "tracking", "video", "data/check", "data/convert"),
    *(f"data/{name}.py" for name in ("sequence", "mot", "kitti", "windows", "write")),
    "data/annotation_files.py",
    *(f"report/{name}.py" for name in ("build", "page", "moments")),
]
WITH_TORCH = {  # inside of those
    *(f"tracking/learned/{name}_engine.py" for name in ("torch", "cuda")),
    *(f"tracking/learned/{name}.py" for name in ("device_reader", "fixed_step", "sending")),
}
LARGEST_SHARE = 0.13  # of the package's lines, in one room


def sources(root: Path) -> list[Path]:
    return sorted(root.rglob("*.py"))


def floor_name(path: Path, root: Path) -> str:
    """The room on the floors that a file belongs to, whichever drawer of it it lies in."""
    first = path.relative_to(root).parts[0].removesuffix(".py")
    return FACADE if first == "__init__" else first


def module_name(path: Path, root: Path) -> str:
    parts = path.relative_to(root).with_suffix("").parts
    return ".".join(("mohart", *parts)).removesuffix(".__init__")


def source(path: Path) -> str:
    with tokenize.open(path) as file:
        return file.read()


@cache  # by what is written there: a file is parsed and walked once for all laws
def import_nodes(text: str) -> list[ast.AST]:
    """All that can import; walks into functions too: a lazy import is still an import."""
    kinds = ast.Import | ast.ImportFrom | ast.Call
    return [node for node in ast.walk(ast.parse(text)) if isinstance(node, kinds)]


def imported_names(path: Path) -> set[str]:
    """Dotted names."""
    names: set[str] = set()
    for node in import_nodes(source(path)):
        match node:
            case ast.Import(names=aliases):
                names |= {alias.name for alias in aliases}
            case ast.ImportFrom(module=module, names=aliases, level=0):
                names |= {f"{module}.{alias.name}" for alias in aliases}
            case ast.Call(
                func=ast.Attribute(attr="import_module") | ast.Name(id="import_module"),
                args=[ast.Constant(value=str(module)), *_],
            ):
                names.add(module)
    return names


def known_modules(root: Path) -> set[str]:
    return {module_name(p, root) for p in sources(root)} | {f"mohart.{n}" for n in FLOOR_OF}


def imported_modules(path: Path, root: Path, known: set[str]) -> set[str]:
    """Modules of the package; a name of the facade, such as `mohart.load_tracker`, is `mohart`."""
    found = set()
    for name in imported_names(path):
        if name.split(".")[0] == "mohart":
            parts = name.split(".")
            heads = [".".join(parts[:n]) for n in range(len(parts), 0, -1)]
            found.add(next((head for head in heads if head in known), "mohart"))
    return found - {module_name(path, root)}


def imported_rooms(path: Path, root: Path, known: set[str]) -> set[str]:
    modules = imported_modules(path, root, known)
    return {FACADE if m == "mohart" else m.split(".")[1] for m in modules}


def problems(root: Path) -> list[str]:
    """Every import that does not go strictly down, every file without a floor."""
    found, known = [], known_modules(root)
    for path in sources(root):
        name, here = str(path.relative_to(root)), floor_name(path, root)
        if here not in FLOOR_OF:
            found.append(f"{name}: '{here}' is on no floor; add it to FLOORS")
            continue
        for other in sorted(imported_rooms(path, root, known) - {here}):
            if other == FACADE:
                found.append(f"{name}: nobody inside imports {FACADE}")
            elif other in FLOOR_OF and FLOOR_OF[other] >= FLOOR_OF[here]:
                found.append(f"{name}: {here} may not import {other}")
            if other == "config" and here not in KNOW_CONFIG:
                found.append(f"{name}: only assembly and cli know the configuration")
    return found


def circles(root: Path) -> list[str]:
    """A circle of modules and one of folders, where there are any."""
    known = known_modules(root)
    modules = {module_name(p, root): imported_modules(p, root, known) for p in sources(root)}
    folder = {module_name(p, root): str(p.parent.relative_to(root)) for p in sources(root)}
    top = [name for name, place in folder.items() if place == "."]
    folder |= dict(zip(top, top, strict=True))  # files on no shelf stand for themselves
    folders: dict[str, set[str]] = {}
    for name, others in modules.items():
        places = {folder[other] for other in others if other in folder}
        folders.setdefault(folder[name], set()).update(places - {folder[name]})
    return [*circle(modules), *circle(folders)]


def circle(graph: dict[str, set[str]]) -> list[str]:
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return [" -> ".join(error.args[1])]
    return []


def room_sizes(paths: Iterable[Path], root: Path) -> Counter[str]:
    """Lines per room: a folder that holds modules, drawers of a larger room by themselves."""
    lines: Counter[str] = Counter()
    for path in paths:
        lines[str(path.parent.relative_to(root))] += len(path.read_text("utf-8").splitlines())
    return lines


def write(root: Path, path: str, code: str) -> None:
    file = root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(code)


@pytest.mark.slow
def test_every_import_points_strictly_down_and_every_file_has_a_floor() -> None:
    assert len(sources(ROOT)) > 40, "the check must see the package"
    assert problems(ROOT) == []


@pytest.mark.slow
def test_nothing_imports_in_a_circle() -> None:
    assert circles(ROOT) == []


def test_no_room_is_a_hall() -> None:
    sizes = room_sizes(sources(ROOT), ROOT)
    share = {room: lines / sizes.total() for room, lines in sizes.items()}
    assert {room: round(x, 3) for room, x in share.items() if x > LARGEST_SHARE} == {}


@pytest.mark.parametrize(
    ("path", "code", "expected"),
    [
        ("nn/a.py", "from mohart.model.cell import X", "nn may not import model"),
        ("nn/a.py", "import mohart.model.cell", "nn may not import model"),
        ("nn/a.py", "from mohart import tracking", "nn may not import tracking"),
        ("nn/a.py", "def f():\n    from mohart.cli import main", "nn may not import cli"),
        ("nn/a.py", "import importlib\nimportlib.import_module('mohart.cli')", "import cli"),
        ("nn/a.py", "import mohart\nmohart.load_tracker()", "nobody inside imports the facade"),
        ("cli/a.py", "import mohart", "nobody inside imports the facade"),
        ("cli/b/a.py", "from mohart import __version__", "nobody inside imports the facade"),
        ("nn/a.py", "from mohart.formats import mot", "nn may not import formats"),
        ("synth/scenes/a.py", "from mohart.tracking import b", "synth may not import tracking"),
        ("boxes.py", "from mohart.structures import Clip", "boxes may not import structures"),
        ("nn/a.py", "from mohart.config import schema", "nn may not import config"),
        ("model/a.py", "from mohart.config import schema", "know the configuration"),
        ("misc/a.py", "", "'misc' is on no floor"),
        ("__init__.py", "from mohart.cli import main", "the facade may not import cli"),
        ("nn/a.py", "from mohart.nn.b import X\nfrom mohart.errors import Y", None),
        ("assembly/a.py", "from mohart.config import schema", None),
        ("cli/a.py", "from mohart.versions import __version__", None),
    ],
)
def test_the_check_itself_finds_wrong_imports_and_only_those(
    tmp_path: Path, path: str, code: str, expected: str | None
) -> None:
    write(tmp_path, "__init__.py", "from mohart.assembly import build_tracker")
    write(tmp_path, path, code)
    found = [problem for problem in problems(tmp_path) if expected is None or expected in problem]
    assert len(found) == (expected is not None), problems(tmp_path)


@pytest.mark.parametrize(
    ("a", "b", "around"),
    [
        ("from mohart.nn.b import X", "def f():\n    from mohart.nn.a import Y", "mohart.nn.a"),
        ("from mohart.nn.deep.c import X", "", "nn/deep"),  # no module, but two folders
        ("from mohart.nn.b import X", "from mohart.errors import Y", None),
    ],
)
def test_the_check_itself_finds_circles(tmp_path: Path, a: str, b: str, around: str | None) -> None:
    write(tmp_path, "nn/a.py", a)
    write(tmp_path, "nn/b.py", b)
    write(tmp_path, "nn/deep/c.py", "")
    write(tmp_path, "nn/deep/d.py", "from mohart.nn.b import X")
    found = circles(tmp_path)
    assert len(found) == (around is not None)
    assert around is None or around in found[0]


def test_the_check_itself_counts_rooms_by_folder(tmp_path: Path) -> None:
    write(tmp_path, "tracking/a.py", "1\n2\n")
    write(tmp_path, "tracking/learned/b.py", "1\n")
    assert room_sizes(sources(tmp_path), tmp_path) == {"tracking": 2, "tracking/learned": 1}


@pytest.mark.slow
def test_no_relative_imports() -> None:
    for path in sources(ROOT):
        nodes = import_nodes(source(path))
        levels = [node.level for node in nodes if isinstance(node, ast.ImportFrom)]
        assert not any(levels), path


def test_files_stay_small() -> None:
    files = [*sources(ROOT), *TOOLS.rglob("*.py")]
    lines = {str(p): len(p.read_text(encoding="utf-8").splitlines()) for p in files}
    assert {path: n for path, n in lines.items() if n > 300} == {}


def light_files() -> list[Path]:
    named = [ROOT / name for name in WITHOUT_TORCH]
    files = [f for p in named for f in ([p] if p.suffix else sorted(p.rglob("*.py")))]
    return [f for f in files if f.relative_to(ROOT).as_posix() not in WITH_TORCH]


@pytest.mark.slow
def test_tracking_and_scoring_need_no_torch() -> None:
    for path in light_files():
        assert path.is_file(), path
        assert not {n for n in imported_names(path) if n.split(".")[0] == "torch"}, path


def python(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.mark.slow
def test_tracking_and_scoring_need_no_torch_even_indirectly() -> None:
    modules = [
        ".".join(p.relative_to(ROOT.parent).with_suffix("").parts).removesuffix(".__init__")
        for p in light_files()
    ]
    code = f"import sys, {', '.join(modules)}\nprint('torch' in sys.modules)"
    assert python(code) == "False"


def test_import_mohart_is_instant_and_loads_nothing_heavy() -> None:
    code = (
        "import sys, time; start = time.perf_counter(); import mohart\n"
        "print(time.perf_counter() - start, *{'torch', 'numpy', 'cv2'} & set(sys.modules))"
    )
    seconds, *heavy = min((python(code).split() for _ in range(3)), key=lambda x: float(x[0]))
    assert heavy == []
    assert float(seconds) < 0.2
