"""A statement's text as pieces: words, quoted names, literals, signs. Read by sqlparse, as Django's own texts are."""

from __future__ import annotations

import re
from typing import Any

Pieces = tuple[str, ...]

_PLACEHOLDER = re.compile(r"%(?:s|\((\w+)\)s)")
_SIGNS = re.compile(r"(@@?)(\w+)\Z")
_QUOTES = "\"'`"


def statements_in(sql: str) -> list[Pieces]:
    """The pieces of each statement of a text, without comments and white space."""
    statements: list[list[str]] = [[]]
    for piece in _pieces(sql):
        if piece == ";":
            statements.append([])
        else:
            statements[-1].append(piece)
    return [tuple(pieces) for pieces in statements if pieces]


def _pieces(sql: str) -> list[str]:
    # Imported when the first statement asks for it: few sessions have one that does.
    from sqlparse.lexer import tokenize

    found: list[str] = []
    for kind, text in tokenize(sql):  # type: ignore[no-untyped-call]
        if tuple(kind)[:1] == ("Comment",) or text.isspace():
            continue
        # sqlparse takes some words together, as in IF NOT EXISTS, and some signs with a word.
        signs = _SIGNS.match(text)
        found += [signs[1], signs[2]] if signs else text.split() if text[0].isalpha() else [text]
    return found


def word(pieces: Pieces, number: int) -> str:
    """One of the pieces in capitals; empty beyond the last one."""
    return pieces[number].upper() if number < len(pieces) else ""


def text_in(piece: str) -> str | None:
    """What a literal in simple quotes says; None for any other piece."""
    return piece[1:-1].replace("''", "'") if len(piece) > 1 and piece[0] == piece[-1] == "'" else None


def name_in(piece: str) -> str:
    """What a name says: as it is in quotes, else in small letters."""
    return piece[1:-1] if len(piece) > 1 and piece[0] == piece[-1] and piece[0] in _QUOTES else piece.lower()


def name_from(pieces: Pieces, start: int) -> tuple[str, int]:
    """A name with its dots that begins at a piece, and the number of the piece after it."""
    parts = [name_in(pieces[start])] if start < len(pieces) else [""]
    end = start + 1
    while word(pieces, end) == "." and end + 1 < len(pieces):
        parts.append(name_in(pieces[end + 1]))
        end += 2
    return ".".join(parts), end


def calls_of(pieces: Pieces, names: frozenset[str]) -> list[tuple[str, list[Pieces], int]]:
    """The calls of some functions: the name, the pieces of each argument, and how many `%s` come before the first."""
    found = []
    for number, piece in enumerate(pieces):
        if piece.lower() in names and word(pieces, number + 1) == "(":
            before = sum(earlier == "%s" for earlier in pieces[:number])
            found.append((piece.lower(), _arguments(pieces, number + 2), before))
    return found


def _arguments(pieces: Pieces, start: int) -> list[Pieces]:
    arguments: list[list[str]] = [[]]
    depth = 0
    for piece in pieces[start:]:
        if piece == ")" and depth == 0:
            break
        depth += (piece == "(") - (piece == ")")
        if piece == "," and depth == 0:
            arguments.append([])
        else:
            arguments[-1].append(piece)
    return [tuple(argument) for argument in arguments]


def value_of(argument: Pieces, before: int, params: Any) -> Any:
    """What an argument is, if it is a literal in quotes or a placeholder, with or without a cast; else None.

    `before`: how many `%s` come before it; `params`: what the statement is executed with.
    """
    piece = argument[0] if argument and (len(argument) == 1 or argument[1] == "::") else ""
    return text_in(piece) if _PLACEHOLDER.fullmatch(piece) is None else _given(piece, before, params)


def _given(placeholder: str, number: int, params: Any) -> Any:
    match = _PLACEHOLDER.fullmatch(placeholder)
    try:
        return params[match[1] or number] if match is not None else None
    except (KeyError, IndexError, TypeError):
        return None


def filled(pieces: Pieces, before: int, params: Any) -> list[str]:
    """Pieces with what their placeholders are given, as Python writes it."""
    found = []
    for piece in pieces:
        if _PLACEHOLDER.fullmatch(piece) is None:
            found.append(piece)
        else:
            found.append(repr(_given(piece, before, params)))
            before += piece == "%s"
    return found
