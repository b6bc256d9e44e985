//! How a guest's memory is laid out, and what its processor can do.
//!
//! A host that keeps instances apart wipes what a call may have touched before the next one gets it.
//! What lies close together at the start is wiped in one go and stays mapped, so that the next call
//! meets no page fault: the stack first, then a hole for the allocator (`lensmount_sdk`, `arena`),
//! then the data. Rust's own layout has a stack of 1 MiB and no hole, which makes the same call
//! several times as dear.

/// Bytes of the stack. Rust's default of 1 MiB would be wiped after every call.
const STACK: u32 = 64 << 10;

/// Where the data begins; the bytes between it and the stack are the hole. With the data of our own guests
/// it makes three pages of WebAssembly, 192 KiB: a result of 80 KB and all that is made of it fit in. Less
/// would save a call half a microsecond and cost one with 50 KB ten, which wait for each other besides,
/// because memory that grows in a call is the kernel's to change.
const DATA: u32 = 172 << 10;

/// How large a function may be to be put in where it is called; LLVM's own limit is 225. A call is
/// dearer in a sandbox than elsewhere, since every function begins with a look at the clock and at
/// what is left of the stack. Reading takes a tenth less time so, for a third more code; three times
/// as much gains nothing any more.
const INLINE: u32 = 1_000;

/// What the compiler is told, as `CARGO_ENCODED_RUSTFLAGS` takes it.
///
/// `simd128` is a part of WebAssembly, and the SDK's reader is written for it.
pub(crate) fn flags() -> String {
    [
        "-Ctarget-feature=+simd128".to_owned(),
        format!("-Cllvm-args=-inline-threshold={INLINE}"),
        format!("-Clink-arg=-zstack-size={STACK}"),
        format!("-Clink-arg=--global-base={DATA}"),
    ]
    .join("\u{1f}")
}
