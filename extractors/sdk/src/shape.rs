//! What objects of a kind looked like so far.
//!
//! Looker writes the members of objects of one kind in one order and with the same blanks, so that one
//! comparison tells key, comma, colon and blanks at once. A member that is missing is passed over, and
//! one that is new is read by itself and remembered where it stands.
//!
//! Of members that nobody asks for the value is remembered too: of the forty that Looker says of each
//! field, most say the same of all.

/// The members that objects of a kind had.
pub(crate) struct Shape<'a, R> {
    members: Vec<Member<'a, R>>,
}

/// A member, and what it leads to.
struct Member<'a, R> {
    /// The text before its value, from the value before or the opening bracket on.
    before: &'a [u8],
    /// The same with its value, where that was passed over.
    whole: Option<&'a [u8]>,
    /// Whether it stood first in its object, with no comma before it.
    first: bool,
    role: R,
}

/// A member that is as expected.
#[derive(Clone, Copy)]
pub(crate) enum Expected<R> {
    /// Its key is, and it leads to this. It is remembered at this place.
    Key(usize, R),
    /// Its value is too, and nobody asks for it.
    Whole,
}

/// How many members may be missing in a row before the next one is read by itself.
const MISSING: usize = 4;
/// As many members as are remembered of a kind of object: more have no order worth remembering.
const REMEMBERED: usize = 256;

impl<R> Default for Shape<'_, R> {
    fn default() -> Self {
        Self {
            members: Vec::new(),
        }
    }
}

impl<'a, R: Copy> Shape<'a, R> {
    /// The next member of an object, if it is one of those that are expected from `next` on.
    /// `takes` says whether a text stands there, and passes over it.
    #[inline]
    pub fn expected(
        &self,
        next: &mut usize,
        first: bool,
        mut takes: impl FnMut(&[u8]) -> bool,
    ) -> Option<Expected<R>> {
        let expected = self.members.iter().enumerate().skip(*next);
        for (place, member) in expected.take(MISSING) {
            if member.first != first {
                continue;
            }
            if member.whole.is_some_and(&mut takes) {
                *next = place + 1;
                return Some(Expected::Whole);
            }
            if takes(member.before) {
                *next = place + 1;
                return Some(Expected::Key(place, member.role));
            }
        }
        None
    }

    /// Remembers a member where it stood, which is at `next`; the one after it is `next` then. Says
    /// its place, if there is room for it.
    pub fn remember(
        &mut self,
        before: &'a [u8],
        first: bool,
        role: R,
        next: &mut usize,
    ) -> Option<usize> {
        if self.members.len() >= REMEMBERED {
            self.members.truncate(*next);
        }
        if self.members.len() >= REMEMBERED {
            return None;
        }
        let member = Member {
            before,
            whole: None,
            first,
            role,
        };
        let place = *next;
        self.members.insert(place, member);
        *next += 1;
        Some(place)
    }

    /// Remembers a member with its value, which nobody asked for. The value must end in a way of its
    /// own: after `1` another value may go on.
    pub fn passed(&mut self, place: usize, whole: &'a [u8]) {
        if let Some(member) = self.members.get_mut(place) {
            member.whole = Some(whole);
        }
    }
}
