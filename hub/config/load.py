"""Reading config.yaml: everything that is wrong with it at once, or the configuration with its drawing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from pydantic import ValidationError

from hub.config.alone import without_hub
from hub.config.build import entries_of, site_of
from hub.config.document import Document, composed, read
from hub.config.draft import Draft, draft_of, own_findings, strictly
from hub.config.explain import findings, shown
from hub.config.file import Stamp, stamp_of
from hub.config.problem import BadConfigFile, Finding, Level, Problem, Report
from hub.config.schema import Config, config_model
from hub.config.sense import sense
from hub.devices.entries import StationEntry
from hub.devices.manifests import manifests as all_manifests
from hub.model.ids import StationId
from hub.model.site import Site
from hub.sdk.manifest import Manifest

BYTE_ORDER_MARK = "\N{ZERO WIDTH NO-BREAK SPACE}"
COUNTED = {"circuits": "circuit", "chargers": "charger", "meters": "meter"}


@dataclass(frozen=True, slots=True)
class Loaded:
    """A configuration without errors. `problems` holds the warnings and hints that were found."""

    path: Path
    config: Config
    site: Site
    entries: Mapping[StationId, StationEntry]
    manifests: Mapping[str, Manifest]
    problems: tuple[Problem, ...] = ()
    stamp: Stamp | None = None  # the state of the file that was read; None for a text that is not there yet


@dataclass(frozen=True, slots=True)
class Looked:
    """What a text holds: the report on it, and the configuration if it has no error."""

    report: Report
    config: Config | None


def load(path: Path) -> Loaded:
    """Read a file. Raises BadConfigFile with every problem when there is an error."""
    stamp = stamp_of(path)
    try:
        return replace(load_text(text_of(path), path, all_manifests()), stamp=stamp)
    finally:
        composed.cache_clear()


def check(path: Path) -> Report:
    """What there is to say about a file; never raises for what is in it."""
    try:
        return look(text_of(path), str(path), all_manifests()).report
    except BadConfigFile as unreadable:
        return Report(unreadable.problems)


def load_text(text: str, path: Path, manifests: Mapping[str, Manifest]) -> Loaded:
    """Read a text as if it stood in the file `path`."""
    looked = look(text, str(path), manifests)
    if looked.config is None:
        raise BadConfigFile(looked.report.problems)
    site, entries = site_of(looked.config, manifests), entries_of(looked.config, manifests)
    return Loaded(path, looked.config, site, entries, manifests, looked.report.problems)


def look(text: str, file: str, manifests: Mapping[str, Manifest]) -> Looked:
    """Find all problems of a text. Broken YAML hides what is behind it; anything else hides nothing."""
    document = read(text.removeprefix(BYTE_ORDER_MARK))
    if not isinstance(document.plain, dict):
        found = document.findings or [Finding((), _no_content(document), "Start from the shipped file.")]
        return Looked(Report(tuple(_problem(finding, file, document) for finding in found)), None)
    # a section with nothing beneath it says nothing, like one that is not there
    document.plain = {key: value for key, value in document.plain.items() if value is not None}
    draft = draft_of(document, manifests)
    config, refused = _whole(document, manifests)
    found = [*document.findings, *refused, *own_findings(draft, document), *sense(draft)]
    report = Report(tuple(_in_order(found, file, document)), _counts(draft))
    if config is None or report.errors:
        return Looked(report, None)
    return Looked(replace(report, without_hub=without_hub(config, site_of(config, manifests), manifests)), config)


def text_of(path: Path) -> str:
    """The file's text, line ends as they are. Raises BadConfigFile, also where reading might never end."""
    step = "Name the right file, or let 'evhub run' make one."
    if path.exists() and not path.is_file() and not path.is_dir():  # a pipe, a device; a folder says so by itself
        raise BadConfigFile([Problem(str(path), None, "", None, "is no regular file", step)])
    try:
        return path.read_bytes().decode("utf-8")
    except UnicodeDecodeError as wrong:
        said = f"byte {wrong.start} is not UTF-8"
        raise BadConfigFile([Problem(str(path), None, "", None, said, "Save the file as UTF-8.")]) from wrong
    except OSError as failed:
        said = f"cannot be read: {failed.strerror}"
        raise BadConfigFile([Problem(str(path), None, "", None, said, step)]) from failed


def _no_content(document: Document) -> str:
    return "the file is empty" if document.plain is None else "the file holds no keys"


def _whole(document: Document, manifests: Mapping[str, Manifest]) -> tuple[Config | None, list[Finding]]:
    model = config_model(manifests)
    try:
        return strictly(model, document.plain), []
    except ValidationError as refused:
        return None, findings(refused, document, model)


def _in_order(found: list[Finding], file: str, document: Document) -> list[Problem]:
    """By line, and the worst first."""
    problems = [_problem(finding, file, document) for finding in found]
    return sorted(problems, key=lambda problem: (problem.line or 0, list(Level).index(problem.level)))


def _problem(finding: Finding, file: str, document: Document) -> Problem:
    value = shown(finding.place, document.at(finding.place)) if finding.place and finding.is_known else None
    line = finding.line or document.line_of(finding.place)
    key = ".".join(step for step in finding.place if isinstance(step, str))
    return Problem(file, line, key, value, finding.message, finding.next, finding.level)


def _counts(draft: Draft) -> dict[str, int]:
    return {word: len(draft.named[section]) for section, word in COUNTED.items()}
