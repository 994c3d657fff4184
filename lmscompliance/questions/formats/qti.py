"""Reads a QTI 2 or 3 item (1edtech.org): choices, true/false, text, number and essay, match and associate.

One item is one question. Items with several interactions, with parts drawn by chance, or of kinds that no
key describes are refused, each with its reason.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from xml.etree.ElementTree import Element

from lmscompliance.kernel.jcs import Json
from lmscompliance.questions.draft import ESSAY, TRUE_FALSE, Draft, Reason, Refusal, Source, reason
from lmscompliance.questions.formats import answers, choices, images, weighing
from lmscompliance.questions.formats.gift_text import Text
from lmscompliance.questions.formats.images import Files
from lmscompliance.questions.formats.markup import child, children
from lmscompliance.questions.formats.options import Options
from lmscompliance.questions.formats.qti_text import INTERACTION, normalise, plain_name, shown
from lmscompliance.questions.formats.text import clean
from lmscompliance.questions.formats.weighing import FULL, Answer, Key

ITEM = "assessmentitem"

_NUMBERS = frozenset({"integer", "float"})
_SETS = 2
_SIDES = 2
_PLACES = Decimal("0.00001")


def is_item(root: Element) -> bool:
    """Tell whether ``root`` is a QTI item of either version."""
    return plain_name(root.tag) == ITEM


def question(source: Source, root: Element, files: Files = images.nowhere) -> Draft | Refusal:
    """Return the question of the item ``root``, or why it is none; ``files`` are the pictures beside it."""
    verdict = _question(source, normalise(root), files)
    return Refusal(source, verdict) if isinstance(verdict, Reason) else verdict


def _question(source: Source, item: Element, files: Files) -> Draft | Reason:
    found = _interaction(item)
    if isinstance(found, Reason):
        return found
    body, interaction = found
    stem = shown(body)
    if not stem.text:
        return reason("stem_is_picture" if stem.pictured else "no_stem")
    wanted = interaction.get("responseidentifier")
    declared = children(item, "responsedeclaration")
    declaration = next((one for one in declared if one.get("identifier") == wanted), None)
    read = _READERS[interaction.tag.removesuffix(INTERACTION)]
    if declaration is None and read is _extended_text:
        declaration = Element("responsedeclaration")
    key = reason("qti_no_key") if declaration is None else read(item, interaction, declaration)
    if isinstance(key, Reason):
        return key
    title = clean(item.get("title") or item.get("identifier") or "")
    draft = Draft(source, key.kind, stem.text, key.key, key.options, title=title, flags=key.flags)
    return images.with_pictures(draft, stem, key, files, files)


def _interaction(item: Element) -> tuple[Element, Element] | Reason:
    """Return the item's body and the one interaction in it, or why it cannot become a question."""
    body = child(item, "itembody")
    found = [one for one in body.iter() if one.tag.endswith(INTERACTION)] if body is not None else []
    if body is None or not found:
        return reason("description")
    if len(found) > 1:
        return reason("cloze")
    kind = found[0].tag.removesuffix(INTERACTION)
    if item.get("adaptive") == "true" or child(item, "templatedeclaration") is not None:
        kind = "adaptive"
    return (body, found[0]) if kind in _READERS else reason("unsupported_kind", kind=kind)


def _choice(_item: Element, interaction: Element, declaration: Element) -> Key | Reason:
    offered = list(children(interaction, "simplechoice"))
    names = [one.get("identifier", "") for one in offered]
    single = declaration.get("cardinality") == "single"
    right = _correct(declaration) or _mapped(declaration, best=single)
    strange = next((name for name in right if name not in names), None)
    if strange is not None:
        return reason("answer_beyond_options", answer=strange, letters=" ".join(names))
    if not right:
        return reason("qti_no_key")
    texts = [shown(one) for one in offered]
    said = _truth(texts, names.index(right[0])) if len(right) == 1 else None
    if said is not None:
        return said
    share = FULL if single else (FULL / len(set(right))).quantize(_PLACES)
    weighed = [
        Answer(text, share if name in right else Decimal(0)) for name, text in zip(names, texts, strict=True)
    ]
    return weighing.choice(weighed, single=single)


def _truth(texts: Sequence[Text], right: int) -> Key | None:
    """Return the key of a true/false question, ``None`` when the options say something else."""
    options = Options(tuple("AB"), tuple(text.text for text in texts))
    if not all(options.texts) or not choices.says_truth(options, ""):
        return None
    said: list[Json] = [answers.truth(options.texts[right])]
    return Key(TRUE_FALSE, said)


def _text_entry(item: Element, _interaction: Element, declaration: Element) -> Key | Reason:
    accepted = list(dict.fromkeys([*_correct(declaration), *_mapped(declaration, best=True)]))
    if not accepted:
        return reason("qti_no_key")
    weighed = [Answer(Text(clean(text)), FULL) for text in accepted]
    if declaration.get("basetype") in _NUMBERS:
        return weighing.numeric(weighed, [_range(item, text) for text in accepted])
    return weighing.short(weighed)


def _extended_text(_item: Element, _interaction: Element, declaration: Element) -> Key:
    """Return what the item gives as the correct response, if anything: people mark it."""
    return Key(ESSAY, [*[clean(text) for text in _correct(declaration) if clean(text)][:1]])


def _range(item: Element, text: str) -> tuple[Decimal, Decimal] | None:
    """Return value and tolerance; an uneven tolerance moves the value to the middle of what is accepted."""
    value = weighing.decimal(text)
    equal = next(item.iter("equal"), None)
    mode = equal.get("tolerancemode", "exact") if equal is not None else "exact"
    if value is None or equal is None or mode == "exact":
        return None if value is None else (value, Decimal(0))
    bounds = [weighing.decimal(part) for part in equal.get("tolerance", "").split()]
    known = [bound for bound in bounds if bound is not None and bound >= 0]
    if not known or len(known) < len(bounds):
        return None
    share = abs(value) / 100 if mode == "relative" else Decimal(1)
    below, above = known[0] * share, known[-1] * share
    return value + (above - below) / 2, (above + below) / 2


def _match(_item: Element, interaction: Element, declaration: Element) -> Key | Reason:
    sets = [_associable(one) for one in children(interaction, "simplematchset")]
    if len(sets) != _SETS:
        return reason("qti_pairing")
    left, right = sets
    pairs: dict[str, str] = {}
    for one, other in _pairs(declaration):
        source, target = (one, other) if one in left else (other, one)
        if source not in left or target not in right or source in pairs:
            return reason("qti_pairing")
        pairs[source] = target
    if pairs.keys() != left.keys():
        return reason("qti_pairing")
    matched = [(left[name], right[pairs[name]]) for name in left]
    spare = [(Text(""), text) for name, text in right.items() if name not in pairs.values()]
    return weighing.matching([*matched, *spare])


def _associate(_item: Element, interaction: Element, declaration: Element) -> Key | Reason:
    offered = _associable(interaction)
    pairs = _pairs(declaration)
    used = [name for pair in pairs for name in pair]
    if len(set(used)) < len(used) or not set(used) <= offered.keys():
        return reason("qti_pairing")
    matched = [(offered[one], offered[other]) for one, other in pairs]
    spare = [(Text(""), text) for name, text in offered.items() if name not in used]
    key = weighing.matching([*matched, *spare])
    if isinstance(key, Reason):
        return key
    flags = (*key.flags, reason("associate_sides"))
    return Key(key.kind, key.key, key.options, flags, texts=key.texts)


def _associable(place: Element) -> dict[str, Text]:
    return {one.get("identifier", ""): shown(one) for one in children(place, "simpleassociablechoice")}


def _pairs(declaration: Element) -> list[tuple[str, str]]:
    split = [value.split() for value in _correct(declaration) or _mapped(declaration, best=False)]
    return [(pair[0], pair[1]) for pair in split if len(pair) == _SIDES]


def _correct(declaration: Element) -> list[str]:
    place = child(declaration, "correctresponse")
    values = children(place, "value") if place is not None else ()
    return [(value.text or "").strip() for value in values]


def _mapped(declaration: Element, *, best: bool) -> list[str]:
    """Return the answers that earn points by the mapping, or only those that earn the most."""
    place = child(declaration, "mapping")
    entries = children(place, "mapentry") if place is not None else ()
    worth = {one.get("mapkey", ""): weighing.decimal(one.get("mappedvalue", "")) or 0 for one in entries}
    least = max(worth.values(), default=0)
    return [key for key, value in worth.items() if value > 0 and (not best or value == least)]


_READERS: dict[str, Callable[[Element, Element, Element], Key | Reason]] = {
    "choice": _choice,
    "textentry": _text_entry,
    "match": _match,
    "associate": _associate,
    "extendedtext": _extended_text,
}
