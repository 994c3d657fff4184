"""Makes choice and true/false questions of a stem, its options and the answer cell."""

from __future__ import annotations

from dataclasses import replace

from lmscompliance.kernel.jcs import Json
from lmscompliance.questions.draft import ESSAY, MULTIPLE, SINGLE, TRUE_FALSE, Draft, Reason, Source, reason
from lmscompliance.questions.formats import answers, kinds
from lmscompliance.questions.formats.options import Options
from lmscompliance.questions.formats.text import fingerprint

_FEWEST = 2


def says_truth(options: Options, answer: str) -> bool:
    """Tell whether a question of undeclared kind is a true/false one, by its options or its answer."""
    words = [answers.plain(text) for text in options.texts or (answer,)]
    # A lone letter or digit may as well be an option's text or what is to be filled in.
    telling = not any(word.isascii() and len(word) == 1 for word in words)
    return telling and (_truth_pair(options) if options.texts else answers.truth(answer) is not None)


def true_false(source: Source, stem: str, options: Options, answer: str) -> Draft | Reason:
    """Return a true/false question, or a flagged choice when its options say something else."""
    if len(options.texts) >= _FEWEST and not _truth_pair(options):
        return choice(source, stem, TRUE_FALSE, options, answer)
    named = answers.places(answer, options.letters, options.texts) if options.texts else None
    if named is not None and len(named) == 1 and named[0] >= 0:
        said = answers.truth(options.texts[named[0]])
    else:
        said = answers.truth(answer)
    if said is not None:
        return Draft(source, TRUE_FALSE, stem, [said])
    letter = answers.letters(answer)
    if not options.texts and letter in {"A", "B"}:
        return Draft(source, TRUE_FALSE, stem, [letter == "A"]).flagged(
            reason("assumed_truth", answer=letter)
        )
    return reason("answer_unreadable", answer=answer)


def single_or_multiple(source: Source, stem: str, options: Options, answer: str) -> Draft | Reason:
    """Return a choice question whose kind nothing declares: the number of right options tells it."""
    return choice(source, stem, "", options, answer)


def choice(source: Source, stem: str, declared: str, options: Options, answer: str) -> Draft | Reason:
    """Return a single or multiple choice question; its key holds the indexes of the right options."""
    if len(options.texts) < _FEWEST:
        return reason("one_option")
    flags: list[Reason] = []
    named = answers.places(answer, options.letters, options.texts)
    counted = answers.positions(answer)
    if counted is not None:
        counted = [place if place < len(options.texts) else -1 for place in counted]
        if named is None or (options.numbered and counted != named):
            # Of options that bear numbers a number is a name; else, or if one reads the same, it is a guess.
            sure = named is None and options.numbered
            named = named or counted
            flags += [] if sure else [reason("answer_by_position", answer=answer)]
    if named is None:
        return reason("answer_unreadable", answer=answer)
    if -1 in named:
        return reason("answer_beyond_options", answer=answer, letters="".join(options.letters))
    right = sorted(set(named))
    if not all(options.filled()[index] for index in right):
        return reason("answer_is_empty_option", answer=answer)
    if len(right) < len(named):
        flags.append(reason("answer_repeats", answer=answer))
    flags += _option_doubts(options)
    kind, doubt = _kind(declared, len(right), answer)
    key: list[Json] = list(right)
    made = Draft(source, kind, stem, key, options.texts, flags=tuple(flags + doubt))
    return replace(made, option_pictures=options.pictures)


def _kind(declared: str, count: int, answer: str) -> tuple[str, list[Reason]]:
    if declared == kinds.ANY_NUMBER:
        return MULTIPLE, []
    if declared == MULTIPLE:
        return MULTIPLE, [] if count > 1 else [reason("one_answer", answer=answer)]
    kind = MULTIPLE if count > 1 else SINGLE
    agrees = declared in {"", kinds.CHOICE, kinds.OPEN, ESSAY} or declared == kind
    return kind, [] if agrees else [reason("kind_contradicts", answer=answer)]


def _option_doubts(options: Options) -> list[Reason]:
    found = []
    if not all(options.filled()):
        found.append(reason("empty_option"))
    pictures = options.pictures or [b""] * len(options.texts)
    shown = zip(options.texts, pictures, strict=True)
    told = [(fingerprint(text), picture) for text, picture in shown if text or picture]
    if len(set(told)) < len(told):
        found.append(reason("duplicate_options"))
    return found


def _truth_pair(options: Options) -> bool:
    return {answers.truth(text) for text in options.texts} == {True, False} and len(options.texts) == _FEWEST
