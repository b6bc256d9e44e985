#!/bin/sh
# Gets what must be there before any Rust of ours can run: a C compiler, a cargo that is new enough
# and, when called with `lint`, cargo's two helpers, with `test`, a Python and a Node for Looker's
# and RudderStack's own SDKs and for extractors in their languages. The toolchain crate does the rest.
#
# Rustup is asked first. What takes root is installed when this already runs as root, and is printed
# as one command otherwise.
set -eu
cd "$(dirname "$0")/../.."

wanted=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)

has() {
    command -v "$1" >/dev/null 2>&1
}

# A machine without a way to rustup's server must not wait for its patience to end.
limited() {
    if has timeout; then timeout 300 "$@"; else "$@"; fi
}

recent_cargo() {
    version=$(cargo --version 2>/dev/null | cut -d ' ' -f 2)
    [ -n "$version" ] && [ "$(printf '%s\n' "$wanted" "$version" | sort -V | head -n 1)" = "$wanted" ]
}

lints() {
    cargo fmt --version >/dev/null 2>&1 && cargo clippy --version >/dev/null 2>&1
}

# A Python that can make an environment with pip, and reads TOML as 3.11 does: on Debian its venv
# lacks pip until it is added.
pythons() {
    python3 -c 'import venv, ensurepip, tomllib' >/dev/null 2>&1
}

# A Node that has fetch, as Looker's SDK calls it, with npm.
nodes() {
    node -e fetch >/dev/null 2>&1 && has npm
}

# Debian numbers its linkers for WebAssembly; the newest reads what any of its compilers writes.
# While the lists of a fresh machine are empty, it is the one that went with rustc-web 1.96.
newest_lld() {
    { echo lld-22; apt-cache pkgnames lld- | grep -E '^lld-[0-9]+$' || true; } | sort -V | tail -n 1
}

# The packages that are still missing. Debian keeps a recent Rust under names that end in `-web`.
missing() {
    if ! has cc; then echo gcc libc6-dev; fi
    if ! recent_cargo; then echo ca-certificates cargo-web rustc-web rust-web-src "$(newest_lld)"; fi
    if [ "$1" = lint ] && ! lints && ! { recent_cargo && has rustup; }; then
        echo rustfmt-web rust-web-clippy
    fi
    if [ "$1" = test ] && ! pythons; then echo python3 python3-venv; fi
    if [ "$1" = test ] && ! nodes; then echo nodejs npm; fi
}

fail() {
    echo "error: $1" >&2
    exit 1
}

if has rustup; then
    if ! recent_cargo; then
        limited rustup toolchain install stable --profile minimal --no-self-update >&2 || true
        rustup show active-toolchain >/dev/null 2>&1 || rustup default stable >&2 || true
    fi
    if [ "${1-}" = lint ] && recent_cargo && ! lints; then
        limited rustup component add rustfmt clippy >&2 || true
    fi
fi

again=${1:-setup}
tests=
if [ "$again" = test ]; then tests=", and its tests Python 3.11 or later with venv and Node 18 or later with npm"; fi
needs="Lensmount needs a C compiler and Rust $wanted or later$tests"

packages=$(missing "${1-}")
if [ -n "$packages" ]; then
    has apt-get || fail "$needs; install gcc or clang, and rustup from https://rustup.rs${tests:+, python 3.11 with venv and node 18 with npm}, and run \`make $again\` again"
    if [ "$(id -u)" = 0 ]; then
        apt-get update >&2
        # The lists were empty before; rustup is not put aside for Debian's compiler unasked.
        packages=$(missing "${1-}")
        # shellcheck disable=SC2046,SC2086
        apt-get install --yes --no-install-recommends $(if has rustup; then echo --no-remove; fi) $packages >&2 || true
        packages=$(missing "${1-}")
    fi
    # shellcheck disable=SC2086,SC2116
    [ -z "$packages" ] || fail "$needs; run this as root and then \`make $again\` again: apt-get update && apt-get install --yes --no-install-recommends $(echo $packages)"
fi

cargo run --quiet --package lensmount-toolchain -- setup
