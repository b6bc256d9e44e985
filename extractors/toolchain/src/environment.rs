//! The environment that guests are built in.
//!
//! Guests are built from within other builds: from a build script, from a test, under clippy, under
//! make. What those leave in the environment would change the guests' code, make cargo build them
//! again and again, or wait for a job server that is gone.

use std::ffi::{OsStr, OsString};

/// Variables of these names say how another crate is being built.
const NAMES: &[&str] = &[
    "CARGO",
    "RUSTFLAGS",
    "RUSTDOCFLAGS",
    "MAKEFLAGS",
    "MAKELEVEL",
    "MFLAGS",
    "GNUMAKEFLAGS",
    "OUT_DIR",
    "TARGET",
    "HOST",
    "NUM_JOBS",
    "OPT_LEVEL",
    "PROFILE",
    "DEBUG",
];

/// So do those that begin so: `RUSTC_WRAPPER`, `RUSTC_BOOTSTRAP`, `CLIPPY_ARGS`, `DEP_*`.
const PREFIXES: &[&str] = &["CARGO_", "RUSTC", "RUSTDOC", "CLIPPY_", "DEP_", "__CARGO"];

/// These, though, say where crates come from and how to get there.
const KEPT: &[&str] = &[
    "CARGO_HOME",
    "CARGO_NET_",
    "CARGO_HTTP_",
    "CARGO_REGISTRIES_",
    "CARGO_REGISTRY_",
    "CARGO_SOURCE_",
    "CARGO_TERM_",
];

/// What of an environment guests may see.
pub(crate) fn clean<I>(variables: I) -> impl Iterator<Item = (OsString, OsString)>
where
    I: IntoIterator<Item = (OsString, OsString)>,
{
    variables.into_iter().filter(|(name, _)| is_harmless(name))
}

fn is_harmless(name: &OsStr) -> bool {
    let name = name.to_string_lossy();
    let begins_with_any = |list: &[&str]| list.iter().any(|prefix| name.starts_with(prefix));
    begins_with_any(KEPT) || !(NAMES.contains(&&*name) || begins_with_any(PREFIXES))
}

#[cfg(test)]
mod tests {
    use super::is_harmless;

    #[test]
    fn what_another_build_left_behind_is_dropped() {
        for name in [
            "RUSTFLAGS",
            "RUSTC",
            "RUSTC_WRAPPER",
            "RUSTC_WORKSPACE_WRAPPER",
            "RUSTC_BOOTSTRAP",
            "CARGO",
            "CARGO_ENCODED_RUSTFLAGS",
            "CARGO_BUILD_TARGET",
            "CARGO_TARGET_DIR",
            "CARGO_MAKEFLAGS",
            "CARGO_PROFILE_GUEST_LTO",
            "CARGO_PKG_NAME",
            "CARGO_FEATURE_STD",
            "MAKEFLAGS",
            "CLIPPY_ARGS",
            "OUT_DIR",
            "PROFILE",
        ] {
            assert!(!is_harmless(name.as_ref()), "{name}");
        }
    }

    #[test]
    fn what_leads_to_crates_and_compilers_stays() {
        for name in [
            "PATH",
            "HOME",
            "CARGO_HOME",
            "CARGO_NET_OFFLINE",
            "CARGO_HTTP_PROXY",
            "CARGO_REGISTRIES_CRATES_IO_PROTOCOL",
            "CARGO_TERM_COLOR",
            "RUSTUP_HOME",
            "RUSTUP_TOOLCHAIN",
            "RUST_BACKTRACE",
            "HTTPS_PROXY",
        ] {
            assert!(is_harmless(name.as_ref()), "{name}");
        }
    }
}
