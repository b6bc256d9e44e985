//! A project in JavaScript, built by componentize-js.

use std::collections::HashMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::Context;
use lensmount_toolchain::Component;
use serde::Deserialize;

use super::program;

const MISSING: &str = "extractors in JavaScript are built with Node 18 or later and npm. \
     On Debian, `apt-get install nodejs npm` as root gets them; elsewhere, see https://nodejs.org";

const TOOL: &str = "@bytecodealliance/componentize-js";

/// The program for Node that makes the component.
const COMPONENTIZE: &str = include_str!("componentize.mjs");

/// What of the engine's features takes imports that no server gives.
const WITHOUT: &[&str] = &["stdio", "random", "clocks", "http", "fetch-event"];

/// What `package.json` says of a project.
#[derive(Deserialize)]
struct Manifest {
    name: String,
    version: String,
    main: String,
    lensmount: Lensmount,
}

#[derive(Deserialize)]
struct Lensmount {
    /// The world of the contract.
    world: String,
}

/// A lock file, npm's own record of what it installed among them: versions by path.
#[derive(Deserialize)]
struct Lock {
    packages: HashMap<String, Locked>,
}

#[derive(Deserialize)]
struct Locked {
    version: Option<String>,
}

/// The project's component.
pub(super) fn build(folder: &Path) -> anyhow::Result<Component> {
    let manifest = manifest(folder)?;
    program::answer(
        Command::new("node").arg("--version"),
        MISSING,
        "Node does not run",
    )?;
    if !is_installed(folder) {
        install(folder)?;
    }
    let made = tempfile::tempdir().context("there is no temporary folder to build in")?;
    let made = made.path().join("made.wasm");
    let mut tool = Command::new("node");
    tool.current_dir(folder)
        .args(["--input-type=module", "--eval", COMPONENTIZE, "--"])
        .args([&manifest.main, &manifest.lensmount.world])
        .arg(&made)
        .args(WITHOUT);
    let failed = format!(
        "componentize-js could not make a component of {}",
        manifest.main
    );
    program::run(&mut tool, MISSING, &failed)?;
    let made = fs::read(&made).context("componentize-js left no component")?;
    Component::named(&manifest.name, &manifest.version, &made).map_err(|error| super::told(&error))
}

fn manifest(folder: &Path) -> anyhow::Result<Manifest> {
    let path = folder.join("package.json");
    let text = fs::read(&path).with_context(|| format!("{} cannot be read", path.display()))?;
    serde_json::from_slice(&text).with_context(|| {
        format!(
            "{} does not say what to build: it needs `name`, `version`, `main` and `\"lensmount\": {{\"world\": …}}`, \
             as in a project that `lensmount extractor new --lang javascript` makes",
            path.display()
        )
    })
}

/// Whether npm's record of what it installed, which it writes last, has what the project pins.
fn is_installed(folder: &Path) -> bool {
    let (Some(pinned), Some(installed)) = (
        lock(&folder.join("package-lock.json")),
        lock(&folder.join("node_modules/.package-lock.json")),
    ) else {
        return false;
    };
    let version =
        |lock: &Lock, path: &str| lock.packages.get(path).and_then(|it| it.version.clone());
    let tool = format!("node_modules/{TOOL}");
    installed.packages.contains_key(&tool)
        && installed
            .packages
            .keys()
            .all(|path| version(&installed, path) == version(&pinned, path))
}

fn lock(path: &Path) -> Option<Lock> {
    serde_json::from_slice(&fs::read(path).ok()?).ok()
}

/// Installs what the project pins. Scripts of packages are not run: nothing here needs any.
fn install(folder: &Path) -> anyhow::Result<()> {
    let verb = if folder.join("package-lock.json").is_file() {
        "ci"
    } else {
        "install"
    };
    let mut npm = Command::new("npm");
    npm.current_dir(folder).arg(verb).args([
        "--ignore-scripts",
        "--prefer-offline",
        "--no-audit",
        "--no-fund",
        "--no-update-notifier",
    ]);
    program::run(
        &mut npm,
        MISSING,
        "npm could not install what package-lock.json pins. It needs a way to registry.npmjs.org, or npm_config_registry, \
         until node_modules is there; later builds need none",
    )
}
