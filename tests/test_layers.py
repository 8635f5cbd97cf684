"""A module imports only from its own layer's neighbours below; nothing imports upward at load time."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1] / "annokit"

LAYERS = (
    ("errors", "report", "limits", "progress", "wording"),
    ("columns", "geometry", "media", "codecs"),
    ("model",),
    ("formats", "remote"),
    ("interop", "display"),
    ("cli", "__init__", "__main__"),
)

LEVEL = {name: level for level, names in enumerate(LAYERS) for name in names}

UPPER_REMOTE = {"remote/savant", "remote/fetch"}
"""Modules of ``remote`` that know datasets' formats, one layer up."""

MODULES = sorted(ROOT.rglob("*.py"))


def part(path: Path) -> str:
    name = path.relative_to(ROOT).parts[0]
    return name.removesuffix(".py")


def imported_at_load(tree: ast.Module) -> list[str]:
    """Names of annokit modules imported when the module loads, type checking apart."""
    found = []
    for node in tree.body:
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            continue
        for inner in ast.walk(node):
            if isinstance(inner, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
                continue
            if (
                isinstance(inner, ast.ImportFrom)
                and (inner.module or "").startswith("annokit")
                and not in_function(node, inner)
            ):
                found.append(inner.module or "")
            if isinstance(inner, ast.Import) and not in_function(node, inner):
                found += [alias.name for alias in inner.names if alias.name.startswith("annokit")]
    return found


def in_function(top: ast.stmt, wanted: ast.AST) -> bool:
    return any(
        wanted in set(ast.walk(node))
        for node in ast.walk(top)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    )


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_imports_only_from_layers_below(path):
    level = LEVEL[part(path)]
    for module in imported_at_load(ast.parse(path.read_text(encoding="utf-8"))):
        pieces = module.split(".")
        other = pieces[1] if len(pieces) > 1 else "__init__"
        if other == "__init__" and part(path) in ("cli", "__main__"):
            continue
        assert LEVEL[other] <= level, f"{path.relative_to(ROOT)} imports {module}, which lies above it"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_formats_never_import_each_other(path):
    relative = path.relative_to(ROOT).parts
    if relative[0] != "formats" or len(relative) < 3:
        return
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("annokit.formats."):
            other = (node.module or "").split(".")[2]
            is_package = (ROOT / "formats" / other).is_dir()
            assert not is_package or other == relative[1], f"{'/'.join(relative)} imports {node.module}"
