from __future__ import annotations

import importlib.util
import json
import subprocess
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

PATH = Path(__file__).parents[2] / "tools" / "install_torch.py"


@pytest.fixture
def tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("install_torch", PATH)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Pip:
    """A package index of which we know which arguments bring CUDA along."""

    def __init__(self, cuda: dict[str, bool | None]) -> None:
        self.cuda, self.installed = cuda, ""

    def run(self, command: list[str], **_: object) -> SimpleNamespace:
        asked = " ".join(command[command.index("--disable-pip-version-check") + 1 :])
        if "--dry-run" not in asked:
            self.installed = asked
            return SimpleNamespace(returncode=0)
        known = next((v for k, v in self.cuda.items() if asked.endswith(k)), None)
        if known is None:
            return SimpleNamespace(returncode=1, stdout="")
        names = ["torch", "sympy", *(["nvidia-cublas"] if known else [])]
        report = {"install": [{"metadata": {"name": name}} for name in names]}
        return SimpleNamespace(returncode=0, stdout=json.dumps(report))


def choose(
    tool: ModuleType, monkeypatch: pytest.MonkeyPatch, pip: Pip, *, gpu: bool, system: str = "Linux"
) -> str:
    monkeypatch.setattr(subprocess, "run", pip.run)
    monkeypatch.setattr(tool.importlib.util, "find_spec", lambda _: None)
    monkeypatch.setattr(tool.shutil, "which", lambda _: "/usr/bin/nvidia-smi" if gpu else None)
    monkeypatch.setattr(tool.platform, "system", lambda: system)
    assert tool.main() == 0
    return pip.installed


def test_the_index_with_a_cpu_build_is_enough(tool, monkeypatch) -> None:
    pip = Pip({"torch==2.13.0": False})
    assert choose(tool, monkeypatch, pip, gpu=False).endswith("torch==2.13.0")


def test_pytorchs_own_index_is_tried_next(tool, monkeypatch) -> None:
    pip = Pip({"torch==2.13.0": True, "whl/cpu": False})
    assert "whl/cpu" in choose(tool, monkeypatch, pip, gpu=False)


def test_without_any_cpu_build_the_usual_one_is_installed(tool, monkeypatch, capsys) -> None:
    pip = Pip({"torch==2.13.0": True})
    assert choose(tool, monkeypatch, pip, gpu=False).endswith("torch>=2.4")
    assert "no CPU build" in capsys.readouterr().err


@pytest.mark.parametrize(("gpu", "system"), [(True, "Linux"), (False, "Darwin")])
def test_a_gpu_or_another_system_takes_the_usual_one(tool, monkeypatch, gpu, system) -> None:
    pip = Pip({"torch==2.13.0": False})
    assert choose(tool, monkeypatch, pip, gpu=gpu, system=system).endswith("torch>=2.4")


def test_an_installed_torch_is_left_alone(tool, monkeypatch) -> None:
    pip = Pip({})
    monkeypatch.setattr(subprocess, "run", pip.run)
    monkeypatch.setattr(tool.importlib.util, "find_spec", lambda _: object())
    assert tool.main() == 0
    assert pip.installed == ""
