"""Write `docs/findings.md` from the findings that come with the suite: `python docs/findings.py`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from conformance.findings import DjangoFinding, load_findings

PAGE = Path(__file__).with_name("findings.md")
_TITLE = """\
# Findings

What the suite found wrong in Django, version by version, beside the sentence of Django's documentation that it \
contradicts, or that is missing there. Written by `docs/findings.py` from `conformance/findings/findings.toml`.

Each program is at most 40 lines long and needs Django alone, which brings asgiref: `async-orm-conformance repro CELL \
> shown.py && python shown.py` prints two lines, which differ where Django has the finding. `gate` lists such a \
verdict and does not count it: it is not the backend that is wrong.
"""
_STILL, _OVER = "In the newest Django", "In older ones, put right since"


def page() -> str:
    """What the generated page must say."""
    still = [finding for finding in load_findings() if "<" not in finding.django]
    over = [finding for finding in load_findings() if "<" in finding.django]
    return "\n".join([_TITLE, *_part(_STILL, still), *_part(_OVER, over)])


def _part(title: str, findings: list[DjangoFinding]) -> Iterator[str]:
    yield f"## {title}\n"
    for finding in findings:
        yield f"### {finding.id}\n"
        yield f"{finding.claim}\n"
        yield f"- {_documented(finding)}"
        yield f"- Django {_versions(finding.django)}{_python(finding)}: {_cells(finding)}"
        yield f"- `async-orm-conformance repro {finding.cells[0][0]}`\n"


def _documented(finding: DjangoFinding) -> str:
    if finding.says:
        return f"The documentation says: “{finding.says}” ([here]({finding.link}))"
    return f"The documentation does not say {finding.missing} ([here]({finding.link}))."


def _versions(specifier: str) -> str:
    parts = specifier.split(",")
    (since,) = (part.removeprefix(">=") for part in parts if part.startswith(">="))
    until = [f" to before {part.removeprefix('<')}" for part in parts if part.startswith("<")]
    others = [f", without {part.removeprefix('!=').removesuffix('.*')}" for part in parts if part.startswith("!=")]
    return "".join([since, *(until or [" and later"]), *others])


def _python(finding: DjangoFinding) -> str:
    """Only a last Python can be said: what is true from one on would have to be said otherwise."""
    return f", on Python before {finding.python.removeprefix('<')}" if finding.python else ""


def _cells(finding: DjangoFinding) -> str:
    return ", ".join(f"`{cell}` {verdict}" for cell, verdict in finding.cells)


def main() -> None:
    """Write the page."""
    PAGE.write_text(page(), "utf-8")
    print(PAGE)


if __name__ == "__main__":
    main()
