//! Where a guest's memory comes from: the hole that its linker leaves between stack and data, and
//! after that whatever the system gives.
//!
//! Rust's own allocator for WebAssembly never uses memory that is there from the start. It grows the
//! memory in every call, and growing costs the host two changes of protection and the page faults,
//! some 8 µs, under a lock that all threads share. A small call allocates a few dozen pieces and ends
//! with its instance, so pieces are cut off one after the other and only the last one is ever taken
//! back. What does not fit is the system's.
//!
//! The toolchain links guests with a hole (`lensmount-toolchain`, `layout`). Where a guest is linked
//! by other means there is none, and everything is the system's.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

/// The allocator of guests.
pub struct Arena {
    /// The first free address; none before the first piece is cut.
    next: Cell<Option<usize>>,
}

#[expect(
    unsafe_code,
    reason = "the allocator of a guest: a module has one thread, so that no two touch the cell"
)]
unsafe impl Sync for Arena {}

#[global_allocator]
static ARENA: Arena = Arena {
    next: Cell::new(None),
};

#[expect(
    unsafe_code,
    reason = "symbols of the linker, whose addresses alone count"
)]
unsafe extern "C" {
    /// The end of the stack, which grows down from it.
    static __stack_high: u8;
    /// Where the data begins.
    static __global_base: u8;
}

/// The hole's end.
fn end() -> usize {
    (&raw const __global_base).addr()
}

impl Arena {
    fn next(&self) -> usize {
        self.next
            .get()
            .unwrap_or_else(|| (&raw const __stack_high).addr())
    }

    /// Cuts off a piece; none where there is no room for it.
    fn cut(&self, layout: Layout) -> Option<usize> {
        let start = self.next().checked_next_multiple_of(layout.align())?;
        let after = start.checked_add(layout.size())?;
        if after > end() {
            return None;
        }
        self.next.set(Some(after));
        Some(start)
    }

    /// Whether a piece is of the hole rather than the system's.
    fn owns(&self, piece: *mut u8) -> bool {
        piece.addr() < end()
    }

    /// Whether a piece is the last that was cut.
    fn is_last(&self, piece: *mut u8, size: usize) -> bool {
        self.owns(piece) && piece.addr() + size == self.next()
    }
}

#[expect(
    unsafe_code,
    reason = "the allocator of a guest: pieces of the hole are cut in order and never overlap; all others are the system's, which takes back what it gave"
)]
unsafe impl GlobalAlloc for Arena {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        match self.cut(layout) {
            Some(start) => std::ptr::with_exposed_provenance_mut(start),
            None => unsafe { System.alloc(layout) },
        }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        match self.cut(layout) {
            Some(start) => {
                let piece = std::ptr::with_exposed_provenance_mut::<u8>(start);
                // A piece that was taken back and is cut again holds what it held.
                unsafe { piece.write_bytes(0, layout.size()) };
                piece
            }
            None => unsafe { System.alloc_zeroed(layout) },
        }
    }

    unsafe fn dealloc(&self, piece: *mut u8, layout: Layout) {
        if self.is_last(piece, layout.size()) {
            self.next.set(Some(piece.addr()));
        } else if !self.owns(piece) {
            unsafe { System.dealloc(piece, layout) };
        }
    }

    unsafe fn realloc(&self, piece: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        if !self.owns(piece) {
            return unsafe { System.realloc(piece, layout, size) };
        }
        if self.is_last(piece, layout.size())
            && let Some(after) = piece.addr().checked_add(size)
            && after <= end()
        {
            self.next.set(Some(after));
            return piece;
        }
        if size <= layout.size() {
            return piece;
        }
        let Ok(wider) = Layout::from_size_align(size, layout.align()) else {
            return std::ptr::null_mut();
        };
        let moved = unsafe { self.alloc(wider) };
        if !moved.is_null() {
            unsafe { moved.copy_from_nonoverlapping(piece, layout.size()) };
        }
        moved
    }
}
