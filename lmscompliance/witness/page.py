"""The page that tells a bureau's clerk in Chinese what this witness holds and what follows from it."""

from __future__ import annotations

from datetime import UTC, datetime
from html import escape

from lmscompliance.kernel.clock import shanghai
from lmscompliance.kernel.messages import text
from lmscompliance.tlog.encoding import to_base64
from lmscompliance.witness.protocol import Witness
from lmscompliance.witness.store import Latest

_LOCALE = "zh_CN"
_STYLE = (
    "body{font-family:sans-serif;max-width:60em;margin:2em auto;padding:0 1em;line-height:1.6}"
    "table{border-collapse:collapse;width:100%}th,td{border:1px solid #999;padding:.4em .6em;text-align:left}"
    "code{word-break:break-all}"
)


def page(witness: Witness) -> str:
    """Return the whole page; every value in it is escaped."""
    heads = "".join(f"<th>{_t(name)}</th>" for name in ("log", "size", "root", "seen"))
    rows = "".join(_row(origin, witness.latest(origin)) for origin in witness.origins)
    key = escape(str(witness.vkey))
    parts = [
        f"<h1>{_t('title')}</h1>",
        f"<p>{_t('what', name=witness.vkey.name)}</p>",
        f"<table><tr>{heads}</tr>{rows}</table>",
        f"<h2>{_t('means_title')}</h2><p>{_t('means')}</p>",
        f"<h2>{_t('not_title')}</h2><p>{_t('not')}</p>",
        f"<h2>{_t('key_title')}</h2><p>{_t('key')}</p><p><code>{key}</code></p>",
    ]
    return (
        f'<!doctype html><html lang="zh-CN"><head><meta charset="utf-8"><title>{_t("title")}</title>'
        f"<style>{_STYLE}</style></head><body>{''.join(parts)}</body></html>\n"
    )


def _row(origin: str, latest: Latest) -> str:
    if not latest.note:
        cells = [escape(origin), "0", "—", _t("never")]
    else:
        seen = shanghai(datetime.fromtimestamp(latest.cosigned_at, UTC)).strftime("%Y-%m-%d %H:%M:%S")
        cells = [escape(origin), str(latest.size), f"<code>{to_base64(latest.root)}</code>", seen]
    return "<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>"


def _t(what: str, /, **params: object) -> str:
    return escape(text(f"witness.page_{what}", _LOCALE, **params))
