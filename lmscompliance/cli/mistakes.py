"""A wrong call explained in Chinese: click words its errors in English alone.

What click says is matched sentence by sentence, so that a wording of another release of click that is not
known here is still shown, in English.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any

import click

_SENTENCES = tuple(
    (re.compile(pattern, re.DOTALL), words)
    for pattern, words in (
        (r"^Missing option (.+?)\.(\s|$)", r"缺少选项 \1。"),
        (r"^Missing argument (.+?)\.(\s|$)", r"缺少参数 \1。"),
        (r"^Missing command\.", "请给出命令。"),
        (r"^No such option:? (\S+?)\.?( |$)", r"没有选项 \1。"),
        (r"^No such command (\S+?)\.( |$)", r"没有命令 \1。"),
        (r"\(?Did you mean (?:one of: )?(.+?)\?\)?$", r"是否想用 \1？"),
        (r"^Got unexpected extra arguments? \((.+)\)", r"多出了参数：\1"),
        (r"^Option (.+?) requires (?:an argument|\d+ arguments)\.", r"选项 \1 后面须给出取值。"),
        (r"^Option (.+?) does not take a value\.", r"选项 \1 不需要取值。"),
        (r"^Invalid value for (.+?): ", r"\1 的取值不对："),
        (r"^Invalid value: ", "取值不对："),
        (r"(?:File|Directory|Path) ('.+') does not exist\.", r"\1 不存在。"),
        (r"(?:File|Directory|Path) ('.+') is a file\.", r"\1 是文件，这里须给出目录。"),
        (r"(?:File|Directory|Path) ('.+') is a directory\.", r"\1 是目录，这里须给出文件。"),
        (r"(?:File|Directory|Path) ('.+') is not readable\.", r"\1 无法读取，请检查权限。"),
        (r"(?:File|Directory|Path) ('.+') is not writable\.", r"\1 无法写入，请检查权限。"),
        (r"('.*') is not a valid integer(?: range)?\.", r"\1 不是整数。"),
        (r"('.*') is not a valid float(?: range)?\.", r"\1 不是数字。"),
        (r"(\S+) is not in the range (.+)\.", r"\1 不在范围 \2 内。"),
        (r"('.*') is not (?:one of )?('.+')\.", r"\1 不是可选的值，可选：\2。"),
        (r"('.*') does not match the formats? (.+)\.", r"\1 的格式应为 \2。"),
        (r"Choose from:\s+", "可选："),
    )
)


@contextmanager
def explained(*, chinese: bool) -> Iterator[None]:
    """Let a wrong call within the block be explained in Chinese, if ``chinese``; its exit code stays."""
    try:
        yield
    except _InChinese:
        raise
    except click.UsageError as error:
        if not chinese:
            raise
        raise _InChinese(in_chinese(error.format_message()), error.ctx) from error


def in_chinese(message: str) -> str:
    """Return what click said in Chinese, as far as its words are known."""
    for pattern, words in _SENTENCES:
        message = pattern.sub(words, message)
    return message


class _InChinese(click.UsageError):
    """A wrong call whose message is Chinese already."""

    def show(self, file: IO[Any] | None = None) -> None:
        """Write how the command is called, where its help is, and what was wrong."""
        if self.ctx is not None:
            click.echo(self.ctx.get_usage(), file=file, err=True)
            click.echo(f"帮助：{self.ctx.command_path} --help\n", file=file, err=True)
        click.echo(f"错误：{self.message}", file=file, err=True)
