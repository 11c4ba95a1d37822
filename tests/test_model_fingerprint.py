"""A model's folder is told apart by what lies in it, not by where it lies."""

from __future__ import annotations

from pathlib import Path

from t2s_bench.model_fingerprint import END, model_fingerprint


def folder(place: Path, **files: bytes) -> Path:
    place.mkdir()
    for name, content in files.items():
        (place / name).write_bytes(content)
    return place


def test_equal_files_have_one_fingerprint_wherever_they_lie(tmp_path: Path) -> None:
    one = folder(tmp_path / "a", weights=b"w" * 10, config=b"{}")
    other = folder(tmp_path / "b", config=b"{}", weights=b"w" * 10)
    (other / "more").mkdir()
    assert model_fingerprint(one) == model_fingerprint(other)


def test_names_sizes_and_ends_count(tmp_path: Path) -> None:
    whole = b"a" + bytes(3 * END) + b"z"
    variants = {
        "same": {"weights": whole},
        "name": {"weight": whole},
        "start": {"weights": b"b" + whole[1:]},
        "end": {"weights": whole[:-1] + b"y"},
        "size": {"weights": whole[:-1] + b"\0z"},
        "more": {"weights": whole, "config": b""},
    }
    found = {model_fingerprint(folder(tmp_path / n, **files)) for n, files in variants.items()}
    assert len(found) == len(variants)
