//! Room for large answers: the memory that all of them together may take, over all connections.
//!
//! Each answer has a cap of its own, and there may be hundreds of them at a time. Small ones are let
//! through; a large one waits, in the order of asking, until there is room for the most that it can
//! become, and holds what it has become for as long as anybody holds its bytes.

use bytes::{Bytes, BytesMut};
use tokio::sync::{Semaphore, SemaphorePermit};

/// What is small, in bytes.
pub(super) const SMALL: usize = 1 << 20;
/// What room is counted in.
const UNIT: usize = 1 << 20;
/// How much room there is.
const UNITS: usize = 512;

// Memory is the process's, whatever number of connections it has.
static ROOM: Semaphore = Semaphore::const_new(UNITS);

/// Room for one large answer.
pub(super) struct Room(SemaphorePermit<'static>);

impl Room {
    /// Waits for room for so many bytes.
    pub async fn of(bytes: usize) -> Option<Self> {
        Self::among(&ROOM, bytes).await
    }

    async fn among(room: &'static Semaphore, bytes: usize) -> Option<Self> {
        // The room is never closed, so that this always ends with some.
        room.acquire_many(units(bytes)).await.ok().map(Self)
    }

    /// The answer, in the room that it needs; the rest is given back.
    pub fn hold(self, body: BytesMut) -> Bytes {
        let (mut room, needed) = (self.0, units(body.len()));
        let spare = room.num_permits().saturating_sub(needed as usize);
        drop(room.split(spare));
        Bytes::from_owner(Held { body, _room: room })
    }
}

/// Bytes with their room.
struct Held {
    body: BytesMut,
    _room: SemaphorePermit<'static>,
}

impl AsRef<[u8]> for Held {
    fn as_ref(&self) -> &[u8] {
        &self.body
    }
}

/// As many as there are at the most, so that nothing waits for more than there can be.
fn units(bytes: usize) -> u32 {
    u32::try_from(bytes.div_ceil(UNIT).clamp(1, UNITS)).unwrap_or(1)
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    #[tokio::test]
    async fn an_answer_holds_the_room_it_needs_for_as_long_as_somebody_has_its_bytes() {
        static TEN: Semaphore = Semaphore::const_new(10);
        let room = Room::among(&TEN, 8 * UNIT).await.unwrap();
        assert_eq!(TEN.available_permits(), 2);
        assert!(Room::among(&TEN, 3 * UNIT).now_or_never().is_none());
        let body = room.hold(BytesMut::from(&vec![7; 2 * UNIT + 1][..]));
        assert_eq!(TEN.available_permits(), 7);
        let part = body.slice(5..9);
        drop(body);
        assert_eq!((&part[..], TEN.available_permits()), (&[7, 7, 7, 7][..], 7));
        drop(part);
        assert_eq!(TEN.available_permits(), 10);
    }
}
