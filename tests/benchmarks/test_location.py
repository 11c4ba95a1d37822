"""Where benchmarks lie, in the documented order."""

from __future__ import annotations

from pathlib import Path

import pytest

import t2s_bench
from t2s_bench.benchmarks.location import data_folder, embedded_folder, source_checkout


def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str) -> Path:
    package = tmp_path / where / "t2s_bench"
    package.mkdir(parents=True)
    monkeypatch.setattr(t2s_bench, "__file__", str(package / "__init__.py"))
    return package


def test_the_option_comes_before_the_environment(tmp_path: Path) -> None:
    assert data_folder(tmp_path / "chosen") == tmp_path / "chosen"
    assert data_folder() == tmp_path / "data"
    assert data_folder("~/x") == Path.home() / "x"


def test_a_source_checkout_keeps_its_data_inside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("T2S_DATA")
    installed(tmp_path, monkeypatch, "checkout/harness")
    assert source_checkout() is None
    (tmp_path / "checkout" / "pyproject.toml").touch()
    assert source_checkout() == tmp_path / "checkout"
    assert data_folder() == tmp_path / "checkout" / "data"
    assert embedded_folder("mini") == tmp_path / "checkout" / "data" / "mini"


def test_an_installed_package_uses_the_users_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("T2S_DATA")
    package = installed(tmp_path, monkeypatch, "site-packages")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "share"))
    assert data_folder() == tmp_path / "share" / "t2s-bench"
    monkeypatch.delenv("XDG_DATA_HOME")
    assert data_folder() == Path.home() / ".local" / "share" / "t2s-bench"
    assert embedded_folder("mini") == package / "_data" / "mini"
