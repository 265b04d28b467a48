"""The tests themselves: no test passes only because its collections are empty."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from pathlib import Path

import pytest

HERE = Path(__file__).parent
FILES = sorted(HERE.glob("test_*.py"))
SAME_LENGTH = ("enumerate", "frozenset", "list", "reversed", "set", "sorted", "tuple", "zip")
"""Functions that return at least one element if no argument is empty."""
VIEWS = ("items", "keys", "values")
"""Methods of a dictionary that return one element per key."""

Names = Mapping[str, ast.expr]
"""The expressions that names stand for."""


def find_faults(source: str, helpers: frozenset[str] = frozenset()) -> list[str]:
    """Return the test functions that assert nothing when their collections are empty.

    Args:
        source: The text of a file of tests.
        helpers: Functions of other files that assert something.
    """
    module = ast.parse(source)
    constants = _assignments(module.body)
    functions = [node for node in ast.walk(module) if isinstance(node, ast.FunctionDef)]
    own = {
        node.name
        for node in functions
        if not node.name.startswith("test_") and _function_asserts(node, constants, helpers)
    }
    tests = [node for node in functions if node.name.startswith("test_")]
    return [node.name for node in tests if not _function_asserts(node, constants, helpers | own)]


def find_helpers(paths: Iterable[Path]) -> frozenset[str]:
    """Return the names of the functions in these files that assert something when called."""
    modules = [ast.parse(path.read_text(encoding="utf-8")) for path in paths]
    return frozenset(
        node.name
        for module in modules
        for node in module.body
        if isinstance(node, ast.FunctionDef) and _function_asserts(node, _assignments(module.body), frozenset())
    )


def _function_asserts(function: ast.FunctionDef, constants: Names, helpers: frozenset[str]) -> bool:
    parameters = {each.arg for each in (*function.args.args, *function.args.kwonlyargs)}
    outer = {name: value for name, value in constants.items() if name not in parameters}
    return any(_always_asserts(node, outer | _assignments(function.body), helpers) for node in function.body)


def _assignments(body: list[ast.stmt]) -> dict[str, ast.expr]:
    """The value of each name that these statements assign exactly once."""
    pairs = [
        (target.id, node.value)
        for node in body
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
        if isinstance(target, ast.Name)
    ]
    names = [name for name, _ in pairs]
    return {name: value for name, value in pairs if names.count(name) == 1}


def _always_asserts(node: ast.AST, names: Names, helpers: frozenset[str]) -> bool:
    """Whether this code asserts something even when its collections are empty."""
    match node:
        case ast.FunctionDef() | ast.Lambda() | ast.ClassDef():
            return False  # it may never be called
        case ast.Assert():
            return not _is_vacuous(node.test, names)
        case ast.Call(func=ast.Name(id=name)) if name in helpers:
            return True
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)) if _is_assertion(name):
            return True
        case ast.Call(keywords=keywords) if any(ast.unparse(each) == "check=True" for each in keywords):
            return True  # a subprocess that must succeed
        case ast.For() if not _is_nonempty(node.iter, names):
            parts: list[ast.AST] = [node.iter, *node.orelse]
        case ast.While():
            parts = [node.test, *node.orelse]
        case ast.If():
            branches = (node.body, node.orelse)
            return all(any(_always_asserts(part, names, helpers) for part in branch) for branch in branches)
        case ast.ListComp() | ast.SetComp() | ast.GeneratorExp() | ast.DictComp() if not _is_nonempty(node, names):
            parts = [node.generators[0].iter]
        case _:
            parts = list(ast.iter_child_nodes(node))
    return any(_always_asserts(part, names, helpers) for part in parts)


def _is_assertion(name: str) -> bool:
    return name in ("raises", "warns", "fail") or name.startswith("assert_")


def _is_vacuous(test: ast.expr, names: Names) -> bool:
    """Whether the test holds for an empty collection: ``all(...)``, ``not any(...)``, ``[... for ...] == []``."""
    match test:
        case ast.BoolOp(op=ast.And(), values=values):
            return all(_is_vacuous(value, names) for value in values)
        case ast.UnaryOp(op=ast.Not(), operand=ast.Call(func=ast.Name(id="any"), args=[values])):
            return not _is_nonempty(values, names)
        case ast.Call(func=ast.Name(id="all"), args=[values]):
            return not _is_nonempty(values, names)
        case (
            ast.UnaryOp(op=ast.Not(), operand=ast.ListComp() | ast.SetComp() as values)
            | ast.Compare(left=ast.ListComp() as values, ops=[ast.Eq()], comparators=[ast.List(elts=[])])
        ):
            return not all(_is_nonempty(each.iter, names) for each in values.generators)
    return False


def _is_nonempty(values: ast.expr, names: Names) -> bool:
    """Whether the expression itself shows that the collection has an element."""
    match values:
        case ast.Tuple(elts=elements) | ast.List(elts=elements) | ast.Set(elts=elements):
            return any(not isinstance(each, ast.Starred) or _is_nonempty(each.value, names) for each in elements)
        case ast.Dict(keys=keys, values=entries):
            pairs = zip(keys, entries, strict=True)
            return any(key is not None or _is_nonempty(entry, names) for key, entry in pairs)
        case ast.Constant(value=str(text)):
            return bool(text)
        case ast.Name(id=name):
            return name in names and _is_nonempty(names[name], {k: v for k, v in names.items() if k != name})
        case ast.BinOp(left=left, op=ast.Add() | ast.BitOr(), right=right):
            return _is_nonempty(left, names) or _is_nonempty(right, names)
        case ast.Call(func=ast.Name(id="range"), args=arguments):
            limits = [each.value for each in arguments if isinstance(each, ast.Constant)]
            return len(limits) == len(arguments) and len(range(*limits)) > 0
        case ast.Call(func=ast.Name(id=name), args=arguments) if name in SAME_LENGTH and arguments:
            return all(_is_nonempty(each, names) for each in arguments)
        case ast.Call(func=ast.Attribute(value=value, attr=name)) if name in VIEWS:
            return _is_nonempty(value, names)
        case ast.ListComp() | ast.SetComp() | ast.GeneratorExp() | ast.DictComp():
            return all(_is_nonempty(each.iter, names) and not each.ifs for each in values.generators)
    return False


HELPERS = find_helpers(path for path in HERE.glob("*.py") if path not in FILES)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_each_test_asserts_something_when_its_collections_are_empty(path: Path) -> None:
    assert find_faults(path.read_text(encoding="utf-8"), HELPERS) == []


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ("for x in given: assert x", True),
        ("assert given\n    for x in given: assert x", False),
        ("for x in (1, 2): assert x", False),
        ("for x in range(2): assert x", False),
        ("for x in range(0): assert x", True),
        ("for x in (*given,): assert x", True),
        ("for i, x in enumerate(KNOWN): assert x", False),
        ("for x, y in zip(KNOWN, given): assert x", True),
        ("for x in TABLE.items(): assert x", False),
        ("for KNOWN in given: pass\n    for x in (lambda: given)(): assert x", True),
        ("for x in given: pass\n    else: assert given", False),
        ("while given: assert given.pop()", True),
        ("for x in given:\n        with pytest.raises(ValueError): x()", True),
        ("with pytest.raises(ValueError): given()", False),
        ("for x in given: np.testing.assert_array_equal(x, 1)", True),
        ("assert all(x for x in given)", True),
        ("assert all(x for x in KNOWN)", False),
        ("assert all(x for x in KNOWN if x > 1)", True),
        ("assert not any(x for x in given) and all(given)", True),
        ("assert any(x for x in given)", False),
        ("assert [x for x in given if x] == []", True),
        ("assert [x for x in KNOWN if x] == []", False),
        ("assert not [x for x in given if x]", True),
        ("if given: assert given", True),
        ("if given: assert given\n    else: assert not given", False),
        ("given.helper()", True),
        ("[assert_it(x) for x in given]", True),
        ("assert_it(given)", False),
        ("helper(given)", False),
        ("for x in helper(given): assert x", False),
        ("in_a_loop(given)", True),
        ("subprocess.run(given, check=True)", False),
        ("subprocess.run(given, check=False)", True),
        ("given()", True),
    ],
)
def test_a_test_that_asserts_nothing_when_its_collections_are_empty_is_found(body: str, fault: bool) -> None:
    source = (
        "KNOWN = [1, 2]\nTABLE = {'a': 1}\n"
        "def helper(x):\n    assert x\n"
        "def in_a_loop(xs):\n    for x in xs: assert x\n"
        f"def test_it(given):\n    {body}\n"
    )
    assert find_faults(source) == (["test_it"] if fault else [])
