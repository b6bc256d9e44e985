//! Machines of all kinds, made up of shell scripts that answer as compilers and installers do.

#![expect(
    clippy::unwrap_used,
    reason = "also in what the tests share, a panic is the report"
)]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use lensmount_toolchain::{Choice, Machine, Prepared, Toolchain, ToolchainError, prepare};

/// A program that is being written cannot be run, and a process that another test starts meanwhile
/// keeps it open a little longer: one machine at a time, therefore.
static ALONE: Mutex<()> = Mutex::new(());

/// A machine in a folder: `bin` is its PATH, `usr` where Debian's compiler goes.
struct Made {
    _alone: MutexGuard<'static, ()>,
    folder: PathBuf,
    machine: Machine,
}

impl Made {
    /// One with nothing but a cargo and a shell.
    fn bare() -> Self {
        let alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
        // One folder for all of them, emptied in between, since they come one at a time.
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("machine");
        let _ = fs::remove_dir_all(&folder);
        let bin = folder.join("bin");
        fs::create_dir_all(&bin).unwrap();
        let machine = Machine {
            path: bin.as_os_str().to_owned(),
            rustc: "rustc".into(),
            cargo: "cargo".into(),
            debian_rustc: folder.join("usr/bin/rustc"),
            choice: Choice::Any,
            root: false,
        };
        let made = Self {
            _alone: alone,
            folder,
            machine,
        };
        made.program("bin/cargo", "");
        made
    }

    fn at(&self, path: &str) -> PathBuf {
        self.folder.join(path)
    }

    fn program(&self, path: &str, script: &str) -> PathBuf {
        let path = self.at(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, format!("#!/bin/sh\nPATH=/usr/bin:/bin\n{script}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        path
    }

    /// A compiler whose own folder is `sysroot`.
    fn rustc(&self, path: &str, sysroot: &str, release: &str) -> PathBuf {
        let sysroot = self.at(sysroot);
        let sysroot = sysroot.display();
        self.program(
            path,
            &format!(
                "case \"$*\" in
                -vV) echo 'host: made-up'; echo 'release: {release}'; echo 'LLVM version: 22.1.8';;
                *target-libdir*) echo '{sysroot}/lib/rustlib/wasm32-unknown-unknown/lib';;
                *sysroot*) echo '{sysroot}';;
                esac"
            ),
        )
    }

    fn file(&self, path: &str) -> PathBuf {
        self.program(path, "")
    }

    fn rustup_compiler(&self) {
        self.rustc("bin/rustc", "toolchain", "1.95.0");
        self.file("toolchain/lib/rustlib/made-up/bin/rust-lld");
    }

    fn target(&self) -> PathBuf {
        self.at("toolchain/lib/rustlib/wasm32-unknown-unknown/lib/libstd-0a.rlib")
    }

    /// A rustup that can add the target.
    fn rustup(&self) {
        let target = self.target();
        self.program(
            "bin/rustup",
            &format!(
                "[ \"$*\" = 'target add wasm32-unknown-unknown' ] && mkdir -p {} && touch {}",
                target.parent().unwrap().display(),
                target.display()
            ),
        );
    }

    /// Debian's installer, which leaves a compiler with sources when it may do its work.
    fn apt(&self, ending: &str) {
        self.program("bin/apt-cache", "echo lld-9; echo lld-22; echo lld-link");
        let rustc = self.rustc("apt/rustc", "usr", "1.96.0");
        self.program(
            "bin/apt-get",
            &format!(
                "echo \"$@\" >> {log}
                [ $1 = install ] || exit 0
                mkdir -p {usr}/bin {usr}/lib/rustlib/src/rust/library/std
                cp {rustc} {usr}/bin/rustc
                touch {usr}/lib/rustlib/src/rust/library/std/Cargo.toml {bin}/lld-22
                {ending}",
                log = self.at("apt.log").display(),
                usr = self.at("usr").display(),
                bin = self.at("bin").display(),
                rustc = rustc.display(),
            ),
        );
    }
}

fn prepared(machine: &Machine) -> String {
    prepare(machine).unwrap().to_string()
}

#[test]
fn a_target_that_is_there_is_taken() {
    let made = Made::bare();
    made.rustup_compiler();
    made.file("toolchain/lib/rustlib/wasm32-unknown-unknown/lib/libstd-0a.rlib");

    let rustc = made.at("bin/rustc");
    assert_eq!(
        prepared(&made.machine),
        format!(
            "Ready: extractors are built with rustc 1.95.0 at {}",
            rustc.display()
        )
    );
}

#[test]
fn finding_installs_nothing_and_names_make_setup() {
    let made = Made::bare();
    made.rustup_compiler();
    made.program(
        "bin/rustup",
        &format!("touch {}", made.at("called").display()),
    );
    made.apt("");

    let error = Toolchain::find_on(&made.machine).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "the extractors cannot be built: rustc 1.95.0 at {} has no standard library for \
             wasm32-unknown-unknown; run `make setup`, which gets what is missing or says how",
            made.at("bin/rustc").display()
        )
    );
    assert!(!made.at("called").exists() && !made.at("apt.log").exists());
}

#[test]
fn half_a_target_is_none() {
    let made = Made::bare();
    made.rustup_compiler();
    fs::create_dir_all(made.target().parent().unwrap()).unwrap();
    assert!(matches!(
        Toolchain::find_on(&made.machine),
        Err(ToolchainError::NoCompiler { .. })
    ));
}

#[test]
fn rustup_adds_the_target() {
    let made = Made::bare();
    made.rustup_compiler();
    made.rustup();

    let sentence = prepared(&made.machine);
    assert!(
        sentence.starts_with("Added the target wasm32-unknown-unknown with rustup: extractors"),
        "{sentence}"
    );
    assert!(matches!(prepare(&made.machine), Ok(Prepared::Ready(_))));
}

#[test]
fn rustups_library_is_preferred_to_one_that_has_to_be_built() {
    let mut made = Made::bare();
    made.machine.root = true;
    made.rustup_compiler();
    made.program("bin/rustup", "exit 1");
    made.apt("");
    assert!(prepared(&made.machine).starts_with("Installed"));
    assert!(prepared(&made.machine).starts_with("Ready"));

    made.rustup();
    assert!(prepared(&made.machine).starts_with("Added the target"));
}

#[test]
fn where_rustup_fails_and_nobody_is_root_one_command_is_named() {
    let made = Made::bare();
    made.rustup_compiler();
    made.program("bin/rustup", "exit 1");
    made.apt("");

    let error = prepare(&made.machine).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "the extractors cannot be built: rustc 1.95.0 at {} has no standard library for \
             wasm32-unknown-unknown; run this as root and then `make setup` again: apt-get update && \
             apt-get install --yes --no-install-recommends rustc-web rust-web-src",
            made.at("bin/rustc").display()
        )
    );
    assert!(!made.at("apt.log").exists());
}

#[test]
fn root_gets_debians_packages_and_rustups_linker_goes_with_them() {
    let mut made = Made::bare();
    made.machine.root = true;
    made.rustup_compiler();
    made.program("bin/rustup", "exit 1");
    made.apt("");

    assert_eq!(
        prepared(&made.machine),
        format!(
            "Installed rustc-web rust-web-src: extractors are built with rustc 1.96.0 at {} (its \
             standard library is built from source, about a minute the first time)",
            made.machine.debian_rustc.display()
        )
    );
}

#[test]
fn without_rustup_the_newest_linker_is_installed_too() {
    let mut made = Made::bare();
    made.machine.root = true;
    made.apt("");

    let sentence = prepared(&made.machine);
    assert!(
        sentence.starts_with("Installed rustc-web rust-web-src lld-22: "),
        "{sentence}"
    );
    let log = fs::read_to_string(made.at("apt.log")).unwrap();
    assert_eq!(
        log,
        "update\ninstall --yes --no-install-recommends --no-remove rustc-web rust-web-src lld-22\n"
    );
}

#[test]
fn where_packages_cannot_be_installed_the_command_is_left_to_the_person() {
    let mut made = Made::bare();
    made.machine.root = true;
    made.program("bin/apt-get", "[ $1 = update ]");

    let error = prepare(&made.machine).unwrap_err().to_string();
    assert!(
        error.contains("no rustc was found; run this as root and then `make setup`"),
        "{error}"
    );
}

#[test]
fn without_rustup_and_apt_the_way_to_rustup_is_shown() {
    let made = Made::bare();
    assert_eq!(
        prepare(&made.machine).unwrap_err().to_string(),
        "the extractors cannot be built: no rustc was found; install rustup from https://rustup.rs \
         and run `make setup` again"
    );
}

#[test]
fn a_compiler_that_is_too_old_is_named_as_such() {
    let made = Made::bare();
    made.rustc("bin/rustc", "toolchain", "1.63.0");
    made.file("toolchain/lib/rustlib/wasm32-unknown-unknown/lib/libstd-0a.rlib");
    let error = Toolchain::find_on(&made.machine).unwrap_err().to_string();
    assert!(error.contains("is older than 1.95"), "{error}");
}

#[test]
fn a_linker_older_than_the_compiler_is_passed_over() {
    let made = Made::bare();
    made.rustc("usr/bin/rustc", "usr", "1.96.0");
    made.file("usr/lib/rustlib/src/rust/library/std/Cargo.toml");
    made.file("bin/lld-19");
    let error = Toolchain::find_on(&made.machine).unwrap_err().to_string();
    assert!(error.contains("has no linker for WebAssembly"), "{error}");

    made.file("bin/lld-23");
    assert!(Toolchain::find_on(&made.machine).is_ok());
}

#[test]
fn the_choice_can_be_forced() {
    let mut made = Made::bare();
    made.rustup_compiler();
    made.file("toolchain/lib/rustlib/wasm32-unknown-unknown/lib/libstd-0a.rlib");

    made.machine.choice = Choice::Debian;
    assert!(Toolchain::find_on(&made.machine).is_err());
    made.machine.choice = "rustup".parse().unwrap();
    assert!(Toolchain::find_on(&made.machine).is_ok());
    assert_eq!(
        "gcc".parse::<Choice>().unwrap_err().to_string(),
        "LENSMOUNT_GUEST_COMPILER is `gcc`; it may be `rustup` or `debian`, or unset to take what there is"
    );
}
