"""Small mistakes put into source text on purpose, one at a time.

Comparisons, arithmetic, numbers, conditions, returned values and whole statements are changed. Words are not
(what is said is read in other tests), nor annotations, decorators and docstrings.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

_COMPARISONS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
_ARITHMETIC: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.FloorDiv,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Mult,
    ast.Pow: ast.Mult,
    ast.BitOr: ast.BitAnd,
    ast.BitAnd: ast.BitOr,
}
_NAMES = {"min": "max", "max": "min", "floor": "ceil", "ceil": "floor", "any": "all", "all": "any"}
_REMOVABLE = (ast.Expr, ast.AugAssign, ast.Raise, ast.Continue, ast.Break)


@dataclass(frozen=True)
class Mutant:
    """One mistake: where it stands, what stood there and what stands there now. `number` makes it again."""

    number: int
    line: int
    before: str
    after: str


def mutants(source: str) -> list[Mutant]:
    """Every mistake that can be put into `source`."""
    tree = ast.parse(source)
    return [
        Mutant(number, node.lineno, ast.unparse(node), ast.unparse(other))
        for number, (node, other, _) in enumerate(_sites(tree))
    ]


def mutated(source: str, number: int) -> ast.Module:
    """The module with that one mistake in it, ready to be compiled."""
    tree = ast.parse(source)
    for found, (_, other, put) in enumerate(_sites(tree)):
        if found == number:
            put(other)
            return ast.fix_missing_locations(tree)
    raise IndexError(number)


Site = tuple[Any, Any, Callable[[ast.AST], None]]


def _sites(parent: ast.AST) -> Iterator[Site]:
    """(node, what could stand in its place, how to put it there), always in the same order."""
    for field, value in ast.iter_fields(parent):
        if field in ("annotation", "returns", "decorator_list"):
            continue
        for index, node in enumerate(value if isinstance(value, list) else [value]):
            if not isinstance(node, ast.AST) or _is_docstring(parent, field, index, node) or _is_all(node):
                continue
            for other in _others(node):
                yield node, other, _putter(parent, field, index if isinstance(value, list) else None)
            yield from _sites(node)


def _putter(parent: ast.AST, field: str, index: int | None) -> Callable[[ast.AST], None]:
    def put(other: ast.AST) -> None:
        if index is None:
            setattr(parent, field, other)
        else:
            getattr(parent, field)[index] = other

    return put


def _others(node: ast.AST) -> Iterator[ast.AST]:
    match node:
        case ast.Compare(left=left, ops=[op, *more], comparators=comparators):
            yield ast.Compare(left, [_COMPARISONS[type(op)](), *more], comparators)
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _ARITHMETIC:
            yield ast.BinOp(left, _ARITHMETIC[type(op)](), right)
        case ast.BoolOp(op=op, values=values):
            yield ast.BoolOp(ast.Or() if isinstance(op, ast.And) else ast.And(), values)
        case ast.UnaryOp(op=ast.Not() | ast.USub(), operand=operand):
            yield operand
        case ast.Constant(value=bool(value)):
            yield ast.Constant(not value)
        case ast.Constant(value=int(value)):
            yield ast.Constant(value + 1)
        case ast.Name(id=name, ctx=ast.Load()) if name in _NAMES:
            yield ast.Name(_NAMES[name], ast.Load())
        case ast.IfExp(test=test, body=body, orelse=orelse):
            yield ast.IfExp(ast.UnaryOp(ast.Not(), test), body, orelse)
        case ast.If(test=test, body=body, orelse=orelse):
            yield ast.If(ast.UnaryOp(ast.Not(), test), body, orelse)
        case ast.Return(value=ast.expr() as value) if not _is_none(value):
            yield ast.Return(ast.Constant(None))
    if isinstance(node, _REMOVABLE):
        yield ast.Pass()


def _is_none(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _is_docstring(parent: ast.AST, field: str, index: int, node: ast.AST) -> bool:
    return (
        field == "body"
        and index == 0
        and isinstance(parent, ast.Module | ast.ClassDef | ast.FunctionDef)
        and isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
    )


def _is_all(node: ast.AST) -> bool:
    return isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__"
