"""The history of a study in an RO-Crate: the run, its rules as steps, each job with what it read and wrote."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from rocrate.model import ContextEntity, SoftwareApplication
from rocrate.rocrate import ROCrate

from dyadflow.provenance.records import Manifest

#: The vocabulary of runs, which also has `sha256`.
TERMS = "https://w3id.org/ro/terms/workflow-run/context"
#: What of a manifest a job tells, beside versions.
_TOLD = ("code", "seed", "device", "instructions", "threads", "platform")
_DONE = "http://schema.org/CompletedActionStatus"


class Profile(NamedTuple):
    """A profile that a crate conforms to."""

    address: str
    name: str
    version: str


PROFILES = (
    Profile("https://w3id.org/ro/wfrun/process/0.5", "Process Run Crate", "0.5"),
    Profile("https://w3id.org/ro/wfrun/workflow/0.5", "Workflow Run Crate", "0.5"),
    Profile("https://w3id.org/ro/wfrun/provenance/0.5", "Provenance Run Crate", "0.5"),
    Profile("https://w3id.org/workflowhub/workflow-ro-crate/1.0", "Workflow RO-Crate", "1.0"),
)


def add_run(
    crate: ROCrate, workflow: Any, manifests: Sequence[Manifest], results: Mapping[str, Any], settings: Sequence[Any]
) -> None:
    """Describe a run from manifests.

    Parameters
    ----------
    crate
        What to add it to.
    workflow
        Its main entity.
    manifests
        Of every output of the study.
    results
        The entity of each result in the crate, by its path within the project.
    settings
        Entities of the files of the study's configuration.
    """
    rules = list(dict.fromkeys(manifest.rule for manifest in manifests))
    engine = _engine(crate, manifests)
    controls, jobs_done = [], []
    run = crate.add_action(workflow, "#run", object=plain(settings), result=plain(results.values()), properties={
        "@type": "CreateAction", "name": f"Run of {workflow['name']}", "actionStatus": _DONE, **_times(manifests),
        "description": f"{len(rules)} rules gave {len(manifests)} outputs."})
    for position, rule in enumerate(rules, start=1):
        script = crate.dereference(f"workflow/scripts/{rule}.py") or crate.add(ContextEntity(
            crate, f"#script/{rule}", properties={"@type": "SoftwareApplication", "name": rule}))
        workflow.append_to("hasPart", script)
        step = crate.add(ContextEntity(crate, f"#step/{rule}", properties={
            "@type": "HowToStep", "name": rule, "position": str(position)}))
        step["workExample"] = script
        workflow.append_to("step", step)
        jobs: dict[str, list[Manifest]] = {}
        for manifest in manifests:
            if manifest.rule == rule:
                jobs.setdefault(json.dumps(manifest.wildcards, sort_keys=True), []).append(manifest)
        actions = [_add_job(crate, script, outputs, results) for outputs in jobs.values()]
        control = crate.add(ContextEntity(crate, f"#control/{rule}", properties={
            "@type": "ControlAction", "name": f"Jobs of {rule}", "actionStatus": _DONE}))
        control["instrument"], control["object"] = step, plain(actions)
        jobs_done += actions
        controls.append(control)
    organise = crate.add(ContextEntity(crate, "#organise", properties={
        "@type": "OrganizeAction", "name": "Jobs put in order and run", "actionStatus": _DONE, **_times(manifests)}))
    organise["instrument"], organise["object"], organise["result"] = engine, plain(controls), run
    crate.root_dataset["mentions"] = [run, *jobs_done]


def plain(entities: Iterable[Any]) -> Any:
    """Entities as a property holds them: one by itself, several as a list, none not at all."""
    found = list(entities)
    return found[0] if len(found) == 1 else found or None


def _add_job(crate: ROCrate, script: Any, outputs: Sequence[Manifest], results: Mapping[str, Any]) -> Any:
    """One job: what it read and wrote, where and with which seed and code."""
    first = outputs[0]
    where = " ".join(f"{name}={value}" for name, value in first.wildcards.items() if name != "study")
    name = f"{first.rule} {where}".strip()
    inputs = [_thing(crate, place, what, results) for place, what in first.inputs.items()]
    written = [entity for output in outputs for entity in _things(crate, output.place, output.content, results)]
    properties = {
        "@type": "CreateAction", "name": name, "actionStatus": _DONE, **_times(outputs),
        "description": f"A job of {first.rule} that read {len(inputs)} things and wrote {len(written)}."}
    action = crate.add_action(
        script, f"#job/{name.replace(' ', '/')}", object=plain(inputs), result=plain(written), properties=properties)
    said = {key: first.says[key] for key in _TOLD if key in first.says}
    said |= {f"version of {library}": version for library, version in first.says.get("versions", {}).items()}
    # One entity a name and value: most jobs share them all.
    action["additionalProperty"] = [
        crate.add(ContextEntity(crate, f"#{key.replace(' ', '-')}/{_short(value)}", properties={
            "@type": "PropertyValue", "name": key, "value": str(value)}))
        for key, value in said.items()
    ]
    return action


def _things(crate: ROCrate, place: str, content: Any, results: Mapping[str, Any]) -> list[Any]:
    """An output, or of a folder each file in it."""
    if isinstance(content, dict) and content and all(f"{place}/{name}" in results for name in content):
        return [results[f"{place}/{name}"] for name in content]
    return [_thing(crate, place, content, results)]


def _thing(crate: ROCrate, place: str, content: Any, results: Mapping[str, Any]) -> Any:
    """A file of the crate, or what stands for one that is not in it, with its SHA-256 where it has one."""
    entity = results.get(place) or crate.dereference(f"#not-here/{place}")
    if entity is None:
        whole = isinstance(content, str) and not content.startswith("size-")
        entity = crate.add(ContextEntity(crate, f"#not-here/{place}", properties={
            "@type": "CreativeWork", "name": place, "description": "Not in this crate.",
            **({"sha256": content} if whole else {})}))
    return entity


def _times(manifests: Sequence[Manifest]) -> dict[str, str]:
    began = [manifest.says["began"] for manifest in manifests if "began" in manifest.says]
    ended = [manifest.says["ended"] for manifest in manifests if "ended" in manifest.says]
    return {**({"startTime": min(began)} if began else {}), **({"endTime": max(ended)} if ended else {})}


def _engine(crate: ROCrate, manifests: Sequence[Manifest]) -> Any:
    versions = [manifest.says["engine"] for manifest in manifests if "engine" in manifest.says]
    return crate.add(SoftwareApplication(crate, "#snakemake", properties={
        "name": "Snakemake", "url": "https://snakemake.github.io",
        **({"softwareVersion": versions[-1]} if versions else {})}))


def _short(value: Any) -> str:
    return hashlib.sha256(str(value).encode()).hexdigest()[:12]
