//! Packages from npm, in the versions that a lock file pins.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::made::{made_with, run};

/// A folder of this name below the target folder with the packages that `from` has a `package.json` and
/// a `package-lock.json` for, and with its `script`: Node looks for what a script imports beside the
/// script. `whose` says in errors what is tested.
pub fn with_packages(from: &Path, name: &str, script: &str, whose: &str) -> PathBuf {
    let install = format!(
        "{whose} is tested with Node 18 or later and npm: install them (Debian: apt-get install nodejs npm; \
         `make test` does as root)"
    );
    // Looker's SDK calls Node's own fetch; in an older Node it fails without a word about that.
    run(Command::new("node").args(["-e", "fetch"]), &install);
    let home = made_with(&from.join("package-lock.json"), name, |home| {
        run(Command::new("npm").arg("--version"), &install);
        std::fs::create_dir_all(home).expect("a folder in the target folder");
        for name in ["package.json", "package-lock.json"] {
            copy(name, from, home);
        }
        let mut npm = Command::new("npm");
        npm.args(["ci", "--ignore-scripts", "--omit=optional", "--no-audit", "--no-fund", "--no-update-notifier"]);
        let meaning = format!("{whose} cannot be installed: this test needs a way to registry.npmjs.org, or npm_config_registry");
        run(npm.current_dir(home), &meaning);
    });
    copy(script, from, &home);
    home.join(script)
}

fn copy(name: &str, from: &Path, home: &Path) {
    std::fs::copy(from.join(name), home.join(name)).expect("a file in the target folder");
}
