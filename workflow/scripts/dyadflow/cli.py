"""The command `dyadflow`: start a study, check it, convert a coding file."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from dyadflow.errors import DyadflowError

app = typer.Typer(
    help="From recordings and coding files of caregiver-infant sessions to believable behaviour-coding models.",
    no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False,
)


def main() -> None:
    """Run the command; a user's mistake ends it with one sentence."""
    try:
        app()
    except DyadflowError as error:
        _say(error)
        raise SystemExit(1) from None


def _say(error: DyadflowError) -> None:
    from dyadflow.provenance.secrets import scrub

    print(scrub(f"dyadflow: {error}"), file=sys.stderr)


@app.command()
def init(folder: Annotated[Path, typer.Argument(help="Folder to make; it must not hold a study yet.")]) -> None:
    """Write a commented configuration, a sheet of sessions, a sheet of coding files and a scheme."""
    from dyadflow.study.starter import write_starter

    for path in write_starter(folder):
        print(path)
    print(f"Fill in the two sheets, then: dyadflow check {folder}/study.yaml")


@app.command()
def check(
    targets: Annotated[list[Path], typer.Argument(
        metavar="TARGET...", help="Configuration of a study (YAML), or coding files of any format that is read.")],
    scheme: Annotated[Path | None, typer.Option(help="For coding files: the coding scheme (YAML).")] = None,
    recording: Annotated[Path | None, typer.Option(help="For coding files: the recording that they code.")] = None,
    format: Annotated[str, typer.Option("--from", help="For coding files: their format; auto: by content.")] = "auto",
    columns: Annotated[list[str] | None, typer.Option(help="Of a plain table: onset_s=Start, code=Label, ...")] = None,
    page: Annotated[Path | None, typer.Option(help="Page to write (HTML), for one target: the account.")] = None,
    table: Annotated[Path | None, typer.Option(help="Table to write (TSV): what was found, a line each.")] = None,
    files: Annotated[Path | None, typer.Option(help="Table to write (TSV): the account, a line a coding file.")] = None,
) -> None:
    """Say what is wrong with a study's sheets, recordings and coding files, or with coding files alone."""
    from dyadflow.annotations.issues import count_of
    from dyadflow.study.targets import check_targets

    found = check_targets(
        targets, scheme=scheme, recording=recording, format=_format_of(format, columns),
        columns=_named_columns(columns or []), page=page,
    )
    found.write(issues=table, files=files)
    for line in found.balances:
        print(line)
    for issue in sorted(found.issues, key=lambda issue: ("error", "warning", "note").index(issue.severity)):
        print(f"{issue.severity}: {issue.sentence()}")
    errors = len(found.issues.errors())
    print(f"{count_of(errors, 'error')}, {count_of(len(found.issues) - errors, 'other finding')}.")
    if errors:
        raise SystemExit(1)


@app.command()
def convert(
    source: Annotated[Path, typer.Argument(help="Coding file, of any format that is read.")],
    destination: Annotated[Path, typer.Argument(help="File to write; its ending says the format, unless --to does.")],
    format: Annotated[str, typer.Option("--from", help="Format of the source; auto: by its content.")] = "auto",
    to: Annotated[str, typer.Option(help="Format to write; auto: by the ending.")] = "auto",
    columns: Annotated[list[str] | None, typer.Option(help="Of a plain table: onset_s=Start, code=Label, ...")] = None,
    scheme: Annotated[Path | None, typer.Option(help="Coding scheme (YAML) with titles and colours of codes.")] = None,
    media: Annotated[str | None, typer.Option(help="Recording, as the new file should name it.")] = None,
    session: Annotated[str | None, typer.Option(help="Of probabilities: whose, where several are held.")] = None,
) -> None:
    """Convert a coding file, or features and probabilities (.h5) to an SSI stream; what cannot be held is said."""
    from dyadflow.annotations.convert import convert as convert_file
    from dyadflow.annotations.formats.reading import ReadOptions
    from dyadflow.annotations.scheme import read_scheme

    if destination.suffix == ".stream":
        from dyadflow.features.ssi_export import export_stream

        written = export_stream(source, destination, session)
    else:
        written = convert_file(
            source, destination, format=_format_of(format, columns), to=to,
            options=ReadOptions(_named_columns(columns or [])), scheme=read_scheme(scheme) if scheme else None,
            media=media,
        )
    for issue in written.issues:
        print(f"{issue.severity}: {issue.sentence()}", file=sys.stderr)
    for file in written.files:
        print(file)
    if written.issues.errors():
        raise SystemExit(1)


def _format_of(format: str, columns: list[str] | None) -> str:
    """Who names columns has a plain table, whatever it looks like."""
    return "table" if columns and format == "auto" else format


def _named_columns(written: list[str]) -> dict[str, str]:
    """``onset_s=Start`` as a mapping."""
    for item in written:
        if "=" not in item:
            raise DyadflowError(f"{item!r} names no column", where="--columns", fix="write it as onset_s=Start")
    return dict(item.split("=", 1) for item in written)


@app.command()
def formats() -> None:
    """Print which formats of coding files are read and written, as a Markdown table."""
    from dyadflow.annotations.formats.listing import formats_table

    print(formats_table(), end="")


@app.command()
def placeholders(study: Annotated[Path, typer.Argument(help="Configuration of a study (YAML).")]) -> None:
    """Make an empty file for each recording and coding file that is not there yet, to try a dry run."""
    from dyadflow.study.starter import write_placeholders

    made = write_placeholders(study)
    print(f"Made {len(made)} empty files. They are for `snakemake --dry-run` only: put the real ones in their place.")


@app.command()
def fetch_weights(
    study: Annotated[Path, typer.Argument(help="Configuration of a study (YAML).")],
    into: Annotated[Path | None, typer.Option(help="Folder to put them in; left out: the hub's own cache.")] = None,
) -> None:
    """Download all weights that a study names, for a machine without internet; say their sizes and digests."""
    from itertools import chain

    from dyadflow.features.fetch import fetch_weights as fetch
    from dyadflow.models.video.fetch import fetch_starts
    from dyadflow.study.study import read_settings

    settings = read_settings(study)
    found = [item.sentence() for item in chain(
        fetch(settings.features.extractors, into=into), fetch_starts(settings.models.video, into=into))]
    print("\n".join(found) or "The study names no weights that can be fetched.")


@app.command()
def schema() -> None:
    """Print the JSON schema of a study's configuration, for editors that complete and check YAML."""
    from dyadflow.study.schema import json_schema

    print(json_schema(), end="")


@app.command()
def settings() -> None:
    """Print every setting of a study with its default and meaning, as a Markdown table."""
    from dyadflow.study.schema import settings_table

    print(settings_table(), end="")


@app.command()
def rules(
    folder: Annotated[Path, typer.Argument(help="Folder with the rules.")] = Path("rules"),
    profile: Annotated[Path, typer.Option(help="Profile that says which rules go into arrays and groups.")] = Path(
        "profiles/slurm/profile.yaml"),
) -> None:
    """Print what each rule asks of a machine (memory, time, GPU), as a Markdown table."""
    from dyadflow.study.asked import requests_table

    print(requests_table(folder, profile), end="")


@app.command()
def why(
    result: Annotated[Path, typer.Argument(help="Any file or folder that the workflow has written under results/.")],
    depth: Annotated[int | None, typer.Option(min=0, help="How many steps back; left out: to the recordings.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Alike inputs one by one, and every setting.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print JSON, with all that manifests say.")] = False,
    compare: Annotated[bool, typer.Option(help="Compare files and code with what is recorded of them.")] = True,
) -> None:
    """Say what made a result, as a tree back to recordings and coding files, and whether all of it still holds.

    Exit code 0: all is as recorded. 1: something has changed since, marked in the tree. 2: nothing is known of it.
    """
    from rich.console import Console

    from dyadflow.provenance.why import as_json, explain
    from dyadflow.provenance.why_page import draw

    with _trouble_is(2):
        found = explain(result, depth=depth, everything=everything, trusting=not compare)
    if json:
        print(as_json(found))
    else:
        draw(found, Console(highlight=False), everything=everything)
    raise SystemExit(1 if found.marks else 0)


@app.command()
def diff(
    first: Annotated[Path, typer.Argument(metavar="A", help="A folder results, or the folder of one study in it.")],
    second: Annotated[Path, typer.Argument(metavar="B", help="Another one: of another run, or another study.")],
    everything: Annotated[bool, typer.Option("--all", help="Every reason and every changed value.")] = False,
) -> None:
    """Say which results of two runs differ, why, and which numbers in their tables changed.

    Exit code 0: the same to the byte. 1: something differs. 2: they cannot be compared.
    """
    from rich.console import Console

    from dyadflow.provenance.diff import compare
    from dyadflow.provenance.diff_page import draw

    with _trouble_is(2):
        found = compare(first, second)
    draw(found, Console(highlight=False), everything=everything)
    raise SystemExit(0 if all(comparison.same for comparison in found) else 1)


@app.command()
def crate(
    study: Annotated[str, typer.Argument(help="Name of a study in results/, or its folder there.")],
    into: Annotated[Path, typer.Option(help="Folder to make.")],
    licence: Annotated[str | None, typer.Option(help="Of the results: CC-BY-4.0, another SPDX name, a URL.")] = None,
    author: Annotated[list[str] | None, typer.Option(help="Who made the results; may be said several times.")] = None,
    leave_out: Annotated[list[str] | None, typer.Option(help="Folder of the study to leave out: features, ...")] = None,
) -> None:
    """Write a study's results with workflow, configuration and history as an RO-Crate; never what is private."""
    from dyadflow.provenance.crate import write_crate

    written = write_crate(study, into, licence=licence, authors=author or [], leave_out=leave_out or [])
    print(f"{written.folder}: {written.files} files, {written.results} of them results, each checked by its SHA-256.")
    if written.left_out:
        print(f"Left out, because they name files outside the project: {', '.join(written.left_out)}")
    if licence is None:
        print("The results have no licence yet; --licence gives them one.")


@contextmanager
def _trouble_is(code: int) -> Iterator[None]:
    """End a command with this exit code after a user's mistake, where 1 has a meaning of its own."""
    try:
        yield
    except DyadflowError as error:
        _say(error)
        raise SystemExit(code) from None


@app.command()
def shareable(
    target: Annotated[Path, typer.Argument(metavar="STUDY_OR_FOLDER", help="Configuration of a study, or a folder.")],
    results: Annotated[Path, typer.Option(help="Folder of all results.")] = Path("results"),
) -> None:
    """Say what in a study's results, or in a folder, must not leave the lab: pictures, sound, paths, names."""
    from dyadflow.annotations.issues import count_of
    from dyadflow.study.sharing import find_unshareable

    found = find_unshareable(target, results)
    for finding in found:
        print(finding.sentence())
    print(f"{count_of(len(found), 'thing')} that must not be shared." if found else "Nothing that must not be shared.")
    if found:
        raise SystemExit(1)


@app.command()
def share(
    study: Annotated[Path, typer.Argument(help="Configuration of a study (YAML).")],
    into: Annotated[Path, typer.Option(help="Folder to make.")],
    results: Annotated[Path, typer.Option(help="Folder of all results.")] = Path("results"),
    features: Annotated[bool, typer.Option(help="Copy streams as well: numbers of persons' pictures, voices.")] = False,
    models: Annotated[bool, typer.Option(help="Copy trained models as well.")] = False,
    pictures: Annotated[bool, typer.Option(help="Export pictures of persons, with faces blurred.")] = False,
    films: Annotated[bool, typer.Option(help="Export the views as films, with faces blurred, silent.")] = False,
    sound: Annotated[bool, typer.Option(help="Let films keep their sound: voices are not made unknown.")] = False,
    faces: Annotated[str, typer.Option(help="What finds faces: haar, or yunet with a file.")] = "haar",
    faces_file: Annotated[Path | None, typer.Option(help="Weights of yunet (.onnx).")] = None,
) -> None:
    """Copy what may be shared of a study's results: checked, with codes for names, and no face to be seen."""
    from dyadflow.privacy.share import NotShared
    from dyadflow.study.sharing import share_study

    try:
        copied = share_study(
            study, into, results=results, features=features, models=models, pictures=pictures, films=films,
            sound=sound, faces=faces, faces_file=faces_file)
    except NotShared as error:
        print("\n".join(error.findings))
        raise
    print(f"{into}: {copied.files} files, {copied.rewritten} of them rewritten; what is in it: {into}/shared.tsv")
    if pictures or films:
        print("A face may still be found in what was blurred: look at it before it leaves the lab.")
