"""Guards architecture rule 3: a rule's digest covers all the code it reaches, and nothing else."""

import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from dyadflow.provenance.digest import CodeMap, syntax_digest

ROOT = Path(__file__).parents[2]


def test_comments_docstrings_and_layout_do_not_count_but_a_changed_number_does():
    plain = "def f(a):\n    return a + 1\n"
    dressed = '"""Module."""\n\n# why\ndef f(a):\n    """Function."""\n    return (a +\n        1)\n'
    assert syntax_digest(plain) == syntax_digest(dressed)
    assert syntax_digest(plain) != syntax_digest(plain.replace("1", "2"))


def test_a_string_that_is_not_a_docstring_counts():
    assert syntax_digest("x = 'a'\n") != syntax_digest("x = 'b'\n")


@pytest.fixture
def library(tmp_path):
    """A library of four modules of which the script reaches three: directly, and two imports away."""
    files = {
        "dyadflow/__init__.py": "",
        "dyadflow/media/__init__.py": "'''Room.'''\n",
        "dyadflow/media/near.py": "def near():\n    from dyadflow.media.far import far\n    return far()\n",
        "dyadflow/media/far.py": "import json\n\ndef far():\n    return json.dumps(1)\n",
        "dyadflow/media/aside.py": "ASIDE = 1\n",
        "dyadflow/media/named.py": "NAMED = 1\n",
        "dyadflow/provenance/__init__.py": "",
        "dyadflow/provenance/stage.py": "STAGE = 1\n",
        "work.py": "from dyadflow.media.near import near\nfrom dyadflow.provenance.stage import STAGE\nnear()\n",
    }
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    # The test's own dyadflow is the real one; the made-up library is looked at by a process of its own.
    digest = textwrap.dedent(f"""
        import sys, importlib.util
        sys.path.insert(0, {str(ROOT / "workflow/scripts")!r})
        from dyadflow.provenance.digest import CodeMap
        sys.path.insert(0, {str(tmp_path)!r})
        for name in [name for name in sys.modules if name.split(".")[0] == "dyadflow"]:
            del sys.modules[name]
        print(*CodeMap({str(tmp_path)!r}).code_of({str(tmp_path / "work.py")!r}, sys.argv[1:]))
    """)

    def code_of(*entries):
        done = subprocess.run([sys.executable, "-c", digest, *entries], capture_output=True, text=True, check=True)
        return done.stdout.split()
    return tmp_path, code_of


def test_a_change_two_imports_away_changes_the_digest_and_an_unrelated_module_does_not(library):
    folder, code_of = library
    before = code_of()
    (folder / "dyadflow/media/aside.py").write_text("ASIDE = 2\n")
    (folder / "dyadflow/provenance/stage.py").write_text("STAGE = 2\n")
    (folder / "dyadflow/media/far.py").write_text("import json\n\n# why\ndef far():\n    return json.dumps(1)\n")
    assert code_of() == before
    (folder / "dyadflow/media/far.py").write_text("import json\n\ndef far():\n    return json.dumps(2)\n")
    assert code_of()[0] != before[0]


def test_the_modules_reached_are_named_with_their_packages_and_without_provenance(library):
    _, code_of = library
    assert code_of()[1:] == ["dyadflow", "dyadflow.media", "dyadflow.media.far", "dyadflow.media.near"]


def test_a_module_loaded_by_name_counts_only_where_it_is_named(library):
    folder, code_of = library
    without, named = code_of(), code_of("dyadflow.media.named")
    (folder / "dyadflow/media/named.py").write_text("NAMED = 2\n")
    assert code_of() == without
    assert code_of("dyadflow.media.named")[0] != named[0]


def test_a_template_in_a_room_counts(library):
    folder, code_of = library
    (folder / "dyadflow/media/page.html").write_text("<p>one</p>")
    before = code_of()
    (folder / "dyadflow/media/page.html").write_text("<p>two</p>")
    assert code_of()[0] != before[0]


def test_every_script_of_the_workflow_has_a_digest_that_names_what_it_imports():
    scripts = ROOT / "workflow" / "scripts"
    code = CodeMap(scripts)
    for script in sorted(scripts.glob("*.py")):
        digest, *modules = code.code_of(script)
        # One script only copies a file, and needs nothing but the doorway.
        assert len(digest) == 16 and ("dyadflow" in modules or script.stem == "open_gate"), script.name
        assert not [name for name in modules if name.startswith(("dyadflow.study", "dyadflow.provenance"))], script.name


def test_the_digest_does_not_depend_on_where_the_project_lies(tmp_path):
    scripts = ROOT / "workflow" / "scripts"
    copy = tmp_path / "elsewhere"
    shutil.copytree(scripts, copy, ignore=shutil.ignore_patterns("__pycache__"))
    name = "probe_recording.py"
    assert CodeMap(scripts).code_of(scripts / name) == CodeMap(copy).code_of(copy / name)
