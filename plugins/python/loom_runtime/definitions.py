"""Where a snippet's functions and classes come from: they cannot be written to a file, but their
source can. Runs nothing."""

import ast
from dataclasses import dataclass


@dataclass(frozen=True)
class Definition:
    """A statement that binds a name to something that only exists as code."""

    name: str
    source: str


def definitions(code: str) -> list[Definition]:
    """All that a snippet defines at its top level, in order; also within `if`, `try` and `with`."""
    try:
        tree = ast.parse(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    return [found for node in tree.body for found in _of(node)]


def _of(node: ast.AST) -> list[Definition]:
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return [Definition(node.name, ast.unparse(node))]
    if isinstance(node, ast.Assign) and isinstance(node.value, ast.Lambda):
        names = [target.id for target in node.targets if isinstance(target, ast.Name)]
        return [Definition(name, f"{name} = {ast.unparse(node.value)}") for name in names]
    if isinstance(node, (ast.If, ast.Try, ast.With)):
        inner = ast.iter_child_nodes(node)
        return [found for child in inner for found in _of(child)]
    return []
