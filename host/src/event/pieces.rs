//! The messages of a chunk, compressed as they come.

use super::batch::Piece;
use super::message::DOCUMENTED;

/// Bytes of messages that are compressed together: a chunk of common rows makes one piece, and some
/// of them a request.
const PIECE: usize = 512 << 10;

/// Messages that are compressed as they come.
#[derive(Default)]
pub(super) struct Pieces {
    /// Messages that are counted and left out.
    skip: u64,
    plain: Vec<u8>,
    messages: u32,
    oversized: u64,
    done: Vec<(Piece, u64)>,
}

impl Pieces {
    /// All messages but the first `skip`.
    pub fn after(skip: u64) -> Self {
        Self {
            skip,
            ..Self::default()
        }
    }

    /// Adds the message that `write` writes, unless it says why it has written none.
    pub fn add(
        &mut self,
        write: impl FnOnce(&mut Vec<u8>) -> Result<(), String>,
    ) -> std::io::Result<Result<(), String>> {
        let before = self.plain.len();
        if self.messages > 0 {
            self.plain.push(b',');
        }
        let begin = self.plain.len();
        let written = write(&mut self.plain);
        if written.is_err() || self.skip > 0 {
            self.plain.truncate(before);
            self.skip -= u64::from(written.is_ok());
            return Ok(written);
        }
        // A message that is large stands alone, since a piece must go into a request.
        if self.messages > 0 && self.plain.len() > PIECE {
            let last = self.plain.split_off(begin);
            self.plain.truncate(before);
            self.cut()?;
            self.plain = last;
        }
        let size = self.plain.len() - if self.messages > 0 { begin } else { 0 };
        self.oversized += u64::from(size > DOCUMENTED);
        self.messages += 1;
        Ok(written)
    }

    fn cut(&mut self) -> std::io::Result<()> {
        if self.messages > 0 {
            let piece = Piece::of(&self.plain, self.messages)?;
            self.done.push((piece, self.oversized));
        }
        self.plain.clear();
        (self.messages, self.oversized) = (0, 0);
        Ok(())
    }

    /// The pieces, and how many messages of each are larger than is documented.
    pub fn finish(mut self) -> std::io::Result<Vec<(Piece, u64)>> {
        self.cut()?;
        Ok(self.done)
    }
}

#[cfg(test)]
mod tests {
    use super::super::batch::{Batch, messages};
    use super::*;

    fn texts(pieces: Vec<(Piece, u64)>) -> Vec<String> {
        let mut batch = Batch::default();
        for (piece, _) in pieces {
            batch.add(piece);
        }
        let messages = messages(&batch.body("T").bytes).unwrap();
        messages.iter().map(|it| it.get().to_owned()).collect()
    }

    fn add(pieces: &mut Pieces, text: &str) {
        let written = pieces.add(|into| {
            into.extend_from_slice(text.as_bytes());
            Ok(())
        });
        written.unwrap().unwrap();
    }

    #[test]
    fn what_is_in_segments_already_is_left_out_and_what_cannot_be_written_leaves_nothing() {
        let mut pieces = Pieces::after(2);
        for text in ["1", "2", "3"] {
            add(&mut pieces, text);
        }
        let refused = pieces.add(|into| {
            into.extend_from_slice(b"half");
            Err("no".to_owned())
        });
        assert_eq!(refused.unwrap(), Err("no".to_owned()));
        add(&mut pieces, "4");
        assert_eq!(texts(pieces.finish().unwrap()), ["3", "4"]);
        assert!(Pieces::after(0).finish().unwrap().is_empty());
    }

    #[test]
    fn large_messages_make_pieces_of_their_own() {
        let large = format!("{:?}", "x".repeat(PIECE));
        let mut pieces = Pieces::after(0);
        for text in ["1", &large, "2", "3"] {
            add(&mut pieces, text);
        }
        let pieces = pieces.finish().unwrap();
        let told: Vec<(u32, u64)> = pieces.iter().map(|it| (it.0.messages, it.1)).collect();
        assert_eq!(told, [(1, 0), (1, 1), (2, 0)]);
        assert_eq!(texts(pieces), ["1", large.as_str(), "2", "3"]);
    }
}
