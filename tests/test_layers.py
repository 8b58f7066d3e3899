"""The floors of the house: a module imports only from floors below its own."""

import ast
import subprocess
import sys
import tokenize
from pathlib import Path

import pytest

import mohart

ROOT = Path(mohart.__file__).parent
TOOLS = ROOT.parent / "tools"
FLOORS = [
    {"errors", "weights"},  # weights holds data, no code
    {"structures", "boxes", "config"},
    {"nn", "formats", "metrics", "training", "video", "draw"},
    {"model", "data"},
    {"tracking", "analysis"},
    {"build"},
    {"cli"},
]
FLOOR_OF = {name: level for level, names in enumerate(FLOORS) for name in names}
KNOW_CONFIG = {"config", "build", "cli"}
WITHOUT_TORCH = [
    *("metrics", "formats"),
    *(f"data/{name}.py" for name in ("sequence", "mot", "kitti", "check", "windows", "write")),
    *(f"data/{name}.py" for name in ("annotation_files", "convert_plan", "convert")),
    *(f"data/{name}.py" for name in ("labels", "results", "pairing", "kitti_split")),
]


def sources(root: Path) -> list[Path]:
    """All files but the package's own `__init__`, which hands out the loaders from the top."""
    return sorted(p for p in root.rglob("*.py") if p != root / "__init__.py")


def room(path: Path, root: Path) -> str:
    return path.relative_to(root).parts[0].removesuffix(".py")


def syntax(path: Path) -> ast.Module:
    with tokenize.open(path) as file:
        return ast.parse(file.read())


def imported_names(path: Path) -> set[str]:
    """Dotted names; walks into functions too: a lazy import is still an import."""
    names: set[str] = set()
    for node in ast.walk(syntax(path)):
        match node:
            case ast.Import(names=aliases):
                names |= {alias.name for alias in aliases}
            case ast.ImportFrom(module=module, names=aliases, level=0):
                names |= {f"{module}.{alias.name}" for alias in aliases}
            case ast.Attribute(value=ast.Name(id="mohart"), attr=attribute):
                names.add(f"mohart.{attribute}")
            case ast.Call(
                func=ast.Attribute(attr="import_module") | ast.Name(id="import_module"),
                args=[ast.Constant(value=str(module)), *_],
            ):
                names.add(module)
    return names


def imported_rooms(path: Path) -> set[str]:
    second = {n.split(".")[1] for n in imported_names(path) if n.startswith("mohart.")}
    return {"build" if name in ("load_tracker", "load_detector") else name for name in second}


def problems(root: Path) -> list[str]:
    """Every import that does not go strictly down, every file without a floor."""
    found = []
    for path in sources(root):
        name, here = str(path.relative_to(root)), room(path, root)
        if here not in FLOOR_OF:
            found.append(f"{name}: '{here}' is on no floor; add it to FLOORS")
            continue
        for other in sorted(imported_rooms(path) - {here}):
            if other in FLOOR_OF and FLOOR_OF[other] >= FLOOR_OF[here]:
                found.append(f"{name}: {here} may not import {other}")
            if other == "config" and here not in KNOW_CONFIG:
                found.append(f"{name}: only build and cli know the configuration")
    return found


def test_every_import_points_strictly_down_and_every_file_has_a_floor() -> None:
    assert len(sources(ROOT)) > 40, "the check must see the package"
    assert problems(ROOT) == []


@pytest.mark.parametrize(
    ("path", "code", "expected"),
    [
        ("nn/a.py", "from mohart.model.cell import X", "nn may not import model"),
        ("nn/a.py", "import mohart.model.cell", "nn may not import model"),
        ("nn/a.py", "from mohart import tracking", "nn may not import tracking"),
        ("nn/a.py", "def f():\n    from mohart.cli import main", "nn may not import cli"),
        ("nn/a.py", "import importlib\nimportlib.import_module('mohart.cli')", "import cli"),
        ("nn/a.py", "import mohart\nmohart.load_tracker()", "nn may not import build"),
        ("nn/a.py", "from mohart.formats import mot", "nn may not import formats"),
        ("boxes.py", "from mohart.structures import Clip", "boxes may not import structures"),
        ("nn/a.py", "from mohart.config import schema", "know the configuration"),
        ("misc/a.py", "", "'misc' is on no floor"),
        ("nn/a.py", "from mohart.nn.b import X\nfrom mohart.errors import Y", None),
        ("build/a.py", "from mohart.config import schema", None),
    ],
)
def test_the_check_itself_finds_wrong_imports_and_only_those(
    tmp_path: Path, path: str, code: str, expected: str | None
) -> None:
    (tmp_path / "__init__.py").write_text("from mohart.build import build_tracker")  # excepted
    file = tmp_path / path
    file.parent.mkdir(exist_ok=True)
    file.write_text(code)
    found = problems(tmp_path)
    assert len(found) == (expected is not None)
    assert expected is None or expected in found[0]


def test_no_relative_imports() -> None:
    for path in [*sources(ROOT), ROOT / "__init__.py"]:
        levels = [n.level for n in ast.walk(syntax(path)) if isinstance(n, ast.ImportFrom)]
        assert not any(levels), path


def test_files_stay_small() -> None:
    files = [*sources(ROOT), *TOOLS.rglob("*.py")]
    lines = {str(p): len(p.read_text(encoding="utf-8").splitlines()) for p in files}
    assert {path: n for path, n in lines.items() if n > 300} == {}


def light_files() -> list[Path]:
    named = [ROOT / name for name in WITHOUT_TORCH]
    return [f for p in named for f in ([p] if p.suffix else sorted(p.rglob("*.py")))]


def test_results_can_be_scored_without_torch() -> None:
    for path in light_files():
        assert path.is_file(), path
        assert not {n for n in imported_names(path) if n.split(".")[0] == "torch"}, path


def python(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_results_can_be_scored_without_torch_even_indirectly() -> None:
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
