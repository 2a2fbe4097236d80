"""`wayline`: every other file in this folder is one of its commands, imported only when it is called."""

from __future__ import annotations

import ast
import importlib
import pkgutil
from pathlib import Path

import click

HERE = Path(__file__).parent
PACKAGE = __name__.rpartition(".")[0]


class Lazy(click.Group):
    """A group that finds its commands by their files: `serve.py` defines the command `serve`.

    `wayline --help` reads the first line of each file and imports none.
    """

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names of the files."""
        names = (found.name for found in pkgutil.iter_modules([str(HERE)]))
        return sorted(name for name in names if name != "main" and not name.startswith("_"))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of this name, imported now."""
        if cmd_name not in self.list_commands(ctx):
            return None
        command = getattr(importlib.import_module(f"{PACKAGE}.{cmd_name}"), cmd_name)
        return command if isinstance(command, click.Command) else None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """One line a command."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, told(HERE / f"{name}.py")) for name in self.list_commands(ctx)])


def told(path: Path) -> str:
    """What the first line of a file's docstring says, without the command's name before it."""
    line = (ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or "").partition("\n")[0]
    text = line.rpartition("`: ")[2]
    return text[:1].upper() + text[1:]


@click.group(cls=Lazy, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="wayline", message="wayline %(version)s")
def main() -> None:
    """Wayline says what a learner should do next, and why."""
