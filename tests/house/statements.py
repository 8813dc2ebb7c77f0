"""Every call of `insert`, `update` and `upsert` in the sources, with the columns that it names.

What a call names is read from the source: a dictionary that is written out, a form whose values go
in, or a name that stands for one of these in the same function.
"""

from __future__ import annotations

import ast
import copy
import importlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

from piccolo.table import Table

from portal import tables
from portal.kit.actions.rows import insert_text, update_text, upsert_text
from portal.kit.forms.form import members

ROOT = Path(__file__).parent.parent.parent
VERBS = frozenset({"insert", "update", "upsert"})
MODULE = "portal.kit.actions.rows"
FROM_FORMS = frozenset({"values_of", "differing"})


@dataclass(frozen=True)
class Statement:
    """One call: where it stands, its table, and the names of columns that it writes."""

    path: str
    line: int
    verb: str
    table: type[Table]
    names: tuple[str, ...]
    options: dict[str, Any] = field(default_factory=dict)

    @property
    def sql(self) -> str:
        """Its text, as it is built for a call that sets all of `names`."""
        if self.verb == "insert":
            return insert_text(self.table, self.names, **self.options)
        if self.verb == "upsert":
            return upsert_text(self.table, self.names, **self.options)
        return update_text(self.table, values=dict.fromkeys(self.names), **self.options)[0]


class Compared(ast.NodeTransformer):
    """A condition in which columns are compared with ones: what a running call knows is not here."""

    def visit_Compare(self, node: ast.Compare) -> ast.Compare:
        one = ast.copy_location(ast.Constant(1), node)
        return ast.copy_location(ast.Compare(node.left, node.ops, [one]), node)


class Reader:
    """Reads the calls of one module."""

    def __init__(self, path: Path) -> None:
        self.path = str(path.relative_to(ROOT))
        self.tree = ast.parse(path.read_text())
        name = self.path.removesuffix(".py").replace("/", ".")
        self.module: ModuleType = importlib.import_module(name)

    def statements(self) -> Iterator[Statement]:
        imported = {
            alias.name
            for node in ast.walk(self.tree)
            if isinstance(node, ast.ImportFrom) and node.module == MODULE
            for alias in node.names
        }
        for function in ast.walk(self.tree):
            if not isinstance(function, ast.AsyncFunctionDef):
                continue
            for call in ast.walk(function):
                if isinstance(call, ast.Call) and isinstance(call.func, ast.Name):
                    verb = call.func.id
                    if verb in VERBS & imported:
                        yield self.statement(verb, call, function)

    def statement(self, verb: str, call: ast.Call, function: ast.AsyncFunctionDef) -> Statement:
        place = f"{self.path}:{call.lineno}"
        table = call.args[1]
        assert isinstance(table, ast.Attribute), f"{place}: name the table as tables.Something"
        assert ast.unparse(table.value) == "tables", place
        options = {
            one.arg: self.option(one.arg, one.value, function)
            for one in call.keywords
            if one.arg is not None
        }
        if verb == "update":
            options["where"] = self.condition(call.args[2], function)
        names = self.names(call.args[3 if verb == "update" else 2], function)
        assert names, f"{place}: names no column that can be read from the source"
        kind = getattr(tables, table.attr)
        return Statement(self.path, call.lineno, verb, kind, tuple(dict.fromkeys(names)), options)

    def option(self, name: str, node: ast.expr, function: ast.AsyncFunctionDef) -> Any:
        """The value of a keyword: written out, the module's, or the names of a dictionary."""
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "tuple":
            return tuple(self.names(node.args[0], function))
        given = self.assignment(node.id, function) if isinstance(node, ast.Name) else node
        if isinstance(node, ast.Name) and given is None:
            return getattr(self.module, node.id)
        assert given is not None, f"{self.path}:{node.lineno}: {name}"
        assert self.is_plain(given), f"{self.path}:{node.lineno}: {name}"
        return ast.literal_eval(given)

    def condition(self, node: ast.expr, function: ast.AsyncFunctionDef) -> Any:
        """Piccolo's condition, or a row's id: 1."""
        if "tables." not in self.spelled_out(node, function):
            return 1
        local = {
            name.id: self.condition(given, function)
            if isinstance(given, ast.Compare | ast.BinOp | ast.Call)
            else self.evaluated(given)
            for name in ast.walk(node)
            if isinstance(name, ast.Name)
            and (given := self.assignment(name.id, function)) is not None
            and "tables." in self.spelled_out(given, function)
        }
        return self.evaluated(node, local)

    def spelled_out(self, node: ast.expr, function: ast.AsyncFunctionDef) -> str:
        """An expression, with what its names stand for."""
        names = {found.id for found in ast.walk(node) if isinstance(found, ast.Name)}
        given = [self.assignment(name, function) for name in names]
        return " ".join(ast.unparse(one) for one in (node, *given) if one is not None)

    def evaluated(self, node: ast.expr, local: dict[str, Any] | None = None) -> Any:
        tree = ast.fix_missing_locations(Compared().visit(copy.deepcopy(node)))
        code = compile(ast.Expression(tree), self.path, "eval")
        return eval(code, {**vars(self.module), **(local or {})})

    @staticmethod
    def is_plain(node: ast.expr) -> bool:
        try:
            ast.literal_eval(node)
        except ValueError:
            return False
        return True

    @staticmethod
    def assignment(name: str, function: ast.AsyncFunctionDef) -> ast.expr | None:
        """What a name stands for in a function."""
        for node in ast.walk(function):
            if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == name:
                return node.value
            if isinstance(node, ast.AnnAssign) and ast.unparse(node.target) == name:
                return node.value
        return None

    def names(self, node: ast.expr, function: ast.AsyncFunctionDef) -> list[str]:
        """The keys of a dictionary that is handed over."""
        if isinstance(node, ast.Dict):
            found: list[str] = []
            for key, value in zip(node.keys, node.values, strict=True):
                if key is None:
                    found += self.names(value, function)
                elif isinstance(key, ast.Name):
                    found.append(str(getattr(self.module, key.id)))
                else:
                    assert isinstance(key, ast.Constant), f"{self.path}:{node.lineno}"
                    found.append(str(key.value))
            return found
        if isinstance(node, ast.DictComp):  # {name: … for name, value in wanted.items()}
            over = node.generators[0].iter
            if isinstance(over, ast.Call):
                assert isinstance(over.func, ast.Attribute)
                over = over.func.value
            return self.names(over, function)  # or {name: … for name in _COPIED}
        if isinstance(node, ast.Await):
            return self.names(node.value, function)
        if isinstance(node, ast.Call):
            return self.called(node, function)
        assert isinstance(node, ast.Name), f"{self.path}:{node.lineno}: {ast.unparse(node)}"
        given = self.assignment(node.id, function)
        if given is not None:
            return self.names(given, function)
        return list(getattr(self.module, node.id))

    def called(self, node: ast.Call, function: ast.AsyncFunctionDef) -> list[str]:
        called = ast.unparse(node.func)
        if called == "dict":
            return self.names(node.args[0], function)
        if called in FROM_FORMS:
            but = [
                self.option("but", one.value, function) for one in node.keywords if one.arg == "but"
            ]
            form = self.form(node.args[0], function)
            return [
                member.field
                for member in members(form)
                if not any(member.field in names for names in but)
            ]
        # A function of the module that returns such a dictionary.
        for one in ast.walk(self.tree):
            if isinstance(one, ast.AsyncFunctionDef | ast.FunctionDef) and one.name == called:
                return self.returned(one)
        raise AssertionError(f"{self.path}:{node.lineno}: {ast.unparse(node)}")

    def returned(self, function: ast.AsyncFunctionDef | ast.FunctionDef) -> list[str]:
        """The keys of what a function returns, or sets in what it returns."""
        found: list[str] = []
        for node in ast.walk(function):
            if isinstance(node, ast.Return) and isinstance(node.value, ast.Dict):
                found += [
                    str(key.value) for key in node.value.keys if isinstance(key, ast.Constant)
                ]
            if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store):
                returned = [
                    ast.unparse(one.value)
                    for one in ast.walk(function)
                    if isinstance(one, ast.Return) and one.value is not None
                ]
                if ast.unparse(node.value) in returned and isinstance(node.slice, ast.Constant):
                    found.append(str(node.slice.value))
        return found

    def form(self, node: ast.expr, function: ast.AsyncFunctionDef) -> type[Any]:
        """The form that an argument of the function is, or one that it parses itself."""
        name = ast.unparse(node)
        for argument in [*function.args.args, *function.args.kwonlyargs]:
            if argument.arg == name and argument.annotation is not None:
                return getattr(self.module, ast.unparse(argument.annotation))
        given = self.assignment(name, function)
        assert isinstance(given, ast.Call), f"{self.path}:{node.lineno}: {name}"
        assert ast.unparse(given.func) == "parse", f"{self.path}:{node.lineno}: {name}"
        return getattr(self.module, ast.unparse(given.args[0]))


def statements() -> list[Statement]:
    """All of them."""
    return [
        found
        for path in sorted((ROOT / "portal").rglob("*.py"))
        if MODULE in path.read_text() and path != ROOT / "portal/kit/actions/rows.py"
        for found in Reader(path).statements()
    ]
