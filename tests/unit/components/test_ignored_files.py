"""What `.dockerignore` keeps out of an image, as Docker itself understands it."""

from pathlib import Path

import pytest

from components.built_image import content_hash, context_files
from tests.unit.recording import CHECKOUT


def make(folder: Path, paths: list[str], ignore: list[str]) -> Path:
    for path in ["Dockerfile", *paths]:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).touch()
    (folder / ".dockerignore").write_text("\n".join(ignore))
    return folder


def included(folder: Path) -> set[str]:
    return {file.relative_to(folder).as_posix() for file in context_files(folder)} - {".dockerignore"}


TREE = ["README.md", "a.md", "a+b", "[x]", "deep/er/a.md", "deep/keep.me", "vendor/keep.me", "vendor/lib/b.py", "#odd"]


@pytest.mark.parametrize(
    ("ignore", "kept_out"),
    [
        ([], set()),
        (["#odd", "# a comment", "", "  "], set()),
        (["  a.md  "], {"a.md"}),
        ([" #odd"], {"#odd"}),
        (["*.md"], {"README.md", "a.md"}),
        (["**/*.md"], {"README.md", "a.md", "deep/er/a.md"}),
        (["*.md", "!README.md"], {"a.md"}),
        (["*.md", "!README.md", "README*"], {"README.md", "a.md"}),
        (["a+b"], {"a+b"}),
        (["a.b"], set()),
        (["[x"], set()),
        (["vendor"], {"vendor/keep.me", "vendor/lib/b.py"}),
        (["vendor/"], {"vendor/keep.me", "vendor/lib/b.py"}),
        (["vendor", "! vendor/lib"], {"vendor/keep.me"}),
        (["deep/**"], {"deep/er/a.md", "deep/keep.me"}),
        (["deep/*/a.md"], {"deep/er/a.md"}),
        (["*/a.md"], set()),
        (["deep**a.md"], {"deep/er/a.md"}),
        (["eep"], set()),
        (["dee"], set()),
        (["."], set()),
        (["*", "!a.md"], {*TREE} - {"a.md"}),
    ],
    ids=lambda value: " ".join(value) or "nothing" if isinstance(value, list) else "",
)
def test_a_pattern_keeps_out_what_docker_says_it_does(tmp_path: Path, ignore: list[str], kept_out: set[str]) -> None:
    assert included(make(tmp_path, TREE, ignore)) == {"Dockerfile", *TREE} - kept_out


def test_without_the_file_everything_goes_in(tmp_path: Path) -> None:
    (make(tmp_path, TREE, []) / ".dockerignore").unlink()
    assert included(tmp_path) == {"Dockerfile", *TREE}


@pytest.mark.parametrize("pattern", ["Dockerfile", "*", "Docker*"])
def test_the_dockerfile_counts_even_where_it_is_kept_out_of_the_image(tmp_path: Path, pattern: str) -> None:
    make(tmp_path, TREE, [pattern])
    before = content_hash(tmp_path, {})
    (tmp_path / "Dockerfile").write_text("FROM scratch\n")
    assert content_hash(tmp_path, {}) != before


def test_a_file_that_is_kept_out_changes_nothing(tmp_path: Path) -> None:
    make(tmp_path, TREE, ["*.md"])
    before = content_hash(tmp_path, {})
    (tmp_path / "README.md").write_text("More to read.\n")
    assert content_hash(tmp_path, {}) == before


def test_a_pattern_that_lets_another_file_in_gives_another_hash(tmp_path: Path) -> None:
    before = content_hash(make(tmp_path, TREE, [".dockerignore", "*.md"]), {})
    assert content_hash(make(tmp_path, TREE, [".dockerignore"]), {}) != before


def test_files_come_in_one_order(tmp_path: Path) -> None:
    make(tmp_path, TREE, [])
    assert context_files(tmp_path) == sorted(context_files(tmp_path))


@pytest.mark.parametrize("image", ["hub", "notebook", "reverse_proxy"])
def test_our_images_hold_neither_their_recipe_nor_bytecode(image: str) -> None:
    folder = CHECKOUT / "images" / image
    files = {path.name for path in context_files(folder)}
    assert "requirements.txt" in files
    assert not {name for name in files if name.endswith(".pyc")}
    assert "Dockerfile" in (folder / ".dockerignore").read_text().split()
