"""Whatever is typed after any option is meant, or refused with 2 in one sentence that names it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import rich_click as click

from portal import options
from portal.cli import camledger, main

ROOT = Path(__file__).resolve().parent.parent.parent
NOBODY_MEANS = ("", " ", "\x00", "a\x00b", "\udcff", "a\nb", "\u202e", "x" * 5_000)
NUMBERS = (*NOBODY_MEANS, "10" * 15, "-1", "+1", "1_0", " 1", "1.", "1e3", "0x1", "٣", "nan", "inf")
TIMES = (*NOBODY_MEANS, "tomorrow", "2026-02-30T00:00:00Z", "0001-01-01T00:00:00+23:59", "9" * 30)
CODES = (*NOBODY_MEANS, "a b", "../a", "-", "ñ", "a\u200bb", "<b>", "a" * 65)
BAD = {
    "email": (
        *NOBODY_MEANS,
        "nora",
        "nora@",
        "@north.test",
        "a b@north.test",
        "n@x@y",
        "n\u0430@b.c",
    ),
    "name": (*NOBODY_MEANS, "No\u202era", "No\u200bra", "No\x1bra", "N" * 301),
    "slug": (*CODES, "NORTH", "north.test"),
    "code": CODES,
    "key": (*CODES, "clk_", "clk_0123456789ab_", "0123456789AB", "0" * 13),
    "period": (
        *NOBODY_MEANS,
        "2026",
        "2026-13",
        "2026-1",
        "2026-10-01",
        "1999-01",
        "9999-01",
        "now",
    ),
    "whole": NUMBERS,
    "seconds": (*NUMBERS, "0.0000001", "999999"),
    "host": (*NOBODY_MEANS, "a b", "http://north.test", "north:80", "nörth.test", "[::1]", "::zz"),
    "time": TIMES,
    "new file": (*NOBODY_MEANS, "/", f"{__file__}/below", "/nowhere/at/all"),
    "folder": (*NOBODY_MEANS, __file__, f"{__file__}/below", "x" * 300),
    "file": (
        *NOBODY_MEANS,
        "/nowhere/seed.json",
        str(ROOT),
        f"{__file__}/below",
        "/dev/zero",
        __file__,
    ),
    "plain file": (
        *NOBODY_MEANS,
        "/nowhere/statement.xml",
        str(ROOT),
        f"{__file__}/below",
        "/dev/zero",
    ),
    "day": (*NOBODY_MEANS, "2026-02-30", "2026-1-1", "tomorrow", "2026-10", "1999-12-31", "9" * 30),
    "choice": (*NOBODY_MEANS, "king", "Accountant "),
}
KINDS: dict[type, str] = {
    options.Whole: "whole",
    options.Seconds: "seconds",
    options.Host: "host",
    options.Time: "time",
    options.Folder: "folder",
    options.PlainFile: "plain file",
    options.NewFile: "new file",
    options.Contents: "file",
    click.Choice: "choice",
}


def kind_of(parameter: click.Parameter) -> str:
    """The kind of values that a parameter takes. One that takes any text at all has none."""
    if isinstance(parameter.type, options.Checked):
        return parameter.type.name
    kind: object = parameter.type
    return next((name for one, name in KINDS.items() if isinstance(kind, one)), "")


def parameters(
    command: click.Command = camledger, path: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], click.Parameter]]:
    """Every parameter that takes a value, with the words that lead to its command."""
    for parameter in command.params:
        if not (isinstance(parameter, click.Option) and parameter.is_flag):
            yield path, parameter
    if isinstance(command, click.Group):
        for name, inner in command.commands.items():
            yield from parameters(inner, (*path, name))


ALL = list(parameters())


def top() -> click.Context:
    return click.Context(camledger, **camledger.context_settings)


def command_of(path: tuple[str, ...]) -> click.Command:
    command: click.Command = camledger
    for name in path:
        assert isinstance(command, click.Group)
        command = command.commands[name]
    return command


def words_with(command: click.Command, parameter: click.Parameter, value: str) -> list[str]:
    """Behind the command, this value; arguments before it have good ones."""
    if isinstance(parameter, click.Option):
        return [f"{parameter.opts[0]}={value}"]
    good = {"cloud": "north", "email": "nora@north.test"}
    arguments = [one.name for one in command.params if isinstance(one, click.Argument)]
    before = arguments[: arguments.index(parameter.name)]
    return [*(good[str(name)] for name in before), "--", value]


@pytest.mark.parametrize(
    ("path", "parameter"), ALL, ids=[f"{' '.join(path)} {one.name}" for path, one in ALL]
)
def test_a_value_that_cannot_be_meant_is_refused_by_the_options_name(path, parameter):
    """Before the command begins: its words are read, and no more."""
    kind = kind_of(parameter)
    assert kind in BAD, f"{parameter.name} of {' '.join(path)} takes whatever is typed"
    named = parameter.opts[0] if isinstance(parameter, click.Option) else parameter.metavar
    command = command_of(path)
    for value in BAD[kind]:
        with pytest.raises(click.UsageError) as refused:  # or it is taken
            command.make_context("command", words_with(command, parameter, value), parent=top())
        said = refused.value.format_message()
        assert refused.value.exit_code == 2
        assert (named or str(parameter.name).upper()) in said, (value, said)


def test_every_kind_of_value_is_tried():
    assert {kind_of(one) for _, one in ALL} == set(BAD)


@pytest.mark.parametrize("value", [b"\xff", b"No\xe2\x80\xaera", b"a\nb"])
@pytest.mark.parametrize("words", [["second-factor", "require", "--cloud"], ["user", "block"]])
def test_words_that_are_no_text_end_a_real_command_in_one_line(value, words, tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "portal.cli", *words, value],
        capture_output=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT), "CAMLEDGER_DATA_DIR": str(tmp_path / "data")},
    )
    said = done.stderr.decode()
    assert (done.returncode, said.count("\n")) == (2, 1), said
    assert not (tmp_path / "data").exists(), "nothing was begun"


def test_a_seed_or_a_head_that_is_none_is_named(tmp_path):
    seed = tmp_path / "seed.json"
    for content in (b"", b"\xff\xfe", b"[1, 2", b"[" * 100_000, b'{"cloud": 1}', b"null"):
        seed.write_bytes(content)
        for path, option in ((("simulator",), "--seed"), (("audit", "check"), "--head")):
            if option == "--seed" and content.startswith(b"{"):
                continue  # what a seed does not know is left out
            with pytest.raises(click.UsageError, match="is no"):
                command_of(path).make_context("command", [option, str(seed)], parent=top())


@pytest.mark.parametrize("words", [["fly"], ["up", "--fly"], ["user", "block"], ["user", "add"]])
def test_other_wrong_usage_is_one_line_too(words, capsys):
    with pytest.raises(SystemExit) as ended:
        main(words)
    assert (ended.value.code, capsys.readouterr().err.count("\n")) == (2, 1)


def test_help_and_version_are_no_failure(capsys):
    for words in (["--help"], ["user", "add", "-h"], ["--version"]):
        with pytest.raises(SystemExit) as ended:
            main(words)
        assert not ended.value.code
        assert capsys.readouterr().out
