//! A project in Python, built by componentize-py.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::Context;
use lensmount_toolchain::Component;
use serde::Deserialize;

use super::program;

const MISSING: &str = "extractors in Python are built with Python 3.11 or later, with venv and pip. \
     On Debian, `apt-get install python3 python3-venv` as root gets them; elsewhere, see https://www.python.org";

/// The project's own Python, and what was installed there last.
const PYTHON: &str = ".venv/bin/python";
const INSTALLED: &str = ".venv/installed.txt";

/// What `pyproject.toml` says of a project.
#[derive(Deserialize)]
struct Manifest {
    project: Project,
    tool: Tools,
}

#[derive(Deserialize)]
struct Project {
    name: String,
    version: String,
}

#[derive(Deserialize)]
struct Tools {
    lensmount: Lensmount,
}

#[derive(Deserialize)]
struct Lensmount {
    /// The world of the contract.
    world: String,
    /// What Python imports to get the extractor.
    module: String,
}

/// The project's component.
pub(super) fn build(folder: &Path) -> anyhow::Result<Component> {
    let pinned = folder.join("requirements.txt");
    let pinned = fs::read(&pinned).with_context(|| {
        format!(
            "{} cannot be read; it pins componentize-py, as in a project that `lensmount extractor new --lang python` makes",
            pinned.display()
        )
    })?;
    if !fs::read(folder.join(INSTALLED)).is_ok_and(|installed| installed == pinned) {
        install(folder)?;
        fs::write(folder.join(INSTALLED), &pinned)
            .context("the folder .venv cannot be written to")?;
    }
    let manifest = manifest(folder)?;
    let Lensmount { world, module } = &manifest.tool.lensmount;
    let made = tempfile::tempdir().context("there is no temporary folder to build in")?;
    let made = made.path().join("made.wasm");
    let mut tool = Command::new(".venv/bin/componentize-py");
    tool.current_dir(folder)
        .args([
            "--wit-path",
            "wit",
            "--world",
            world,
            "componentize",
            "--stub-wasi",
            module,
            "--output",
        ])
        .arg(&made);
    let failed = format!("componentize-py could not make a component of the module {module}");
    program::run(&mut tool, MISSING, &failed)?;
    let made = fs::read(&made).context("componentize-py left no component")?;
    let Project { name, version } = &manifest.project;
    Component::named(name, version, &made).map_err(|error| super::told(&error))
}

/// Python itself reads what is written in its own format.
fn manifest(folder: &Path) -> anyhow::Result<Manifest> {
    let mut python = Command::new(PYTHON);
    python.current_dir(folder).args([
        "-c",
        "import json, tomllib; print(json.dumps(tomllib.load(open('pyproject.toml', 'rb')), default=str))",
    ]);
    let text = program::answer(
        &mut python,
        MISSING,
        "Python could not read pyproject.toml, which takes Python 3.11 or later; with another `python3`, remove the folder .venv first",
    )?;
    serde_json::from_slice(&text).context(
        "pyproject.toml does not say what to build: it needs `name` and `version` under [project], `world` and `module` \
         under [tool.lensmount], as in a project that `lensmount extractor new --lang python` makes",
    )
}

/// Makes a Python of the project's own, where there is none, and installs what the project pins.
fn install(folder: &Path) -> anyhow::Result<()> {
    let mut own = Command::new(PYTHON);
    own.current_dir(folder).args(["-c", "import pip"]);
    if !own.output().is_ok_and(|output| output.status.success()) {
        let mut python = Command::new("python3");
        python
            .current_dir(folder)
            .args(["-m", "venv", "--clear", ".venv"]);
        let failed = format!("there is no Python to build with: {MISSING}");
        program::run(&mut python, MISSING, &failed)?;
    }
    let mut pip = Command::new(PYTHON);
    pip.current_dir(folder).args([
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--requirement",
        "requirements.txt",
    ]);
    program::run(
        &mut pip,
        MISSING,
        "pip could not install what requirements.txt pins. It needs a way to pypi.org, or PIP_INDEX_URL, \
         until .venv is there; later builds need none",
    )
}
