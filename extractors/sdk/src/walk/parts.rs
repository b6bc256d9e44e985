//! Objects and lists, member by member and item by item.

use super::{Walk, Wrong};
use crate::json::Token;
use crate::name::Name;
use crate::plain;
use crate::shape::{Expected, Shape};
use crate::skip;

impl<'a> Walk<'a> {
    /// Reads an object whose like there are more of. `role` says what a key leads to, none where nobody
    /// asks for it; `each` reads the value. `what` names what stands here if it is no object.
    #[inline]
    pub fn object<R: Copy>(
        &mut self,
        shape: &mut Shape<'a, Option<R>>,
        what: impl Fn() -> String,
        role: impl Fn(Name<'a>) -> Option<R>,
        mut each: impl FnMut(&mut Self, R) -> Result<(), Wrong>,
    ) -> Result<(), Wrong> {
        self.opens(b'{', what)?;
        let mut first = true;
        let mut next = 0;
        loop {
            let from = self.at;
            let (place, role) = match self.follows(shape, &mut next, first) {
                Some(Expected::Whole) => {
                    first = false;
                    continue;
                }
                Some(Expected::Key(place, role)) => (Some(place), role),
                None => {
                    let Some(name) = self.member(first)? else {
                        return Ok(());
                    };
                    let role = role(name);
                    let before = self.bytes.get(from..self.at).unwrap_or_default();
                    (shape.remember(before, first, role, &mut next), role)
                }
            };
            first = false;
            let Some(role) = role else {
                // Another number may begin as this one does.
                let is_number = matches!(self.next_byte(), Some(b'-' | b'0'..=b'9'));
                self.skip()?;
                if let (Some(place), Some(whole)) = (place, self.bytes.get(from..self.at))
                    && !is_number
                {
                    shape.passed(place, whole);
                }
                continue;
            };
            each(self, role)?;
        }
    }

    /// Reads an object that is the only one of its kind, otherwise as [`Walk::object`] does.
    #[inline]
    pub fn lone_object(
        &mut self,
        what: impl Fn() -> String,
        mut each: impl FnMut(&mut Self, Name<'a>) -> Result<(), Wrong>,
    ) -> Result<(), Wrong> {
        self.opens(b'{', what)?;
        let mut first = true;
        while let Some(name) = self.member(first)? {
            first = false;
            each(self, name)?;
        }
        Ok(())
    }

    /// Reads the members of an object that `role` knows; anything else than an object is passed over,
    /// as if it had none.
    pub fn object_if_any<R: Copy>(
        &mut self,
        role: impl Fn(&[u8]) -> Option<R>,
        mut each: impl FnMut(R, Token<'a>),
    ) -> Result<(), Wrong> {
        if self.next_byte() != Some(b'{') {
            return self.skip();
        }
        self.lone_object(String::new, |walk, name| {
            match name.is(&role) {
                Some(role) => each(role, walk.token()?),
                None => walk.skip()?,
            }
            Ok(())
        })
    }

    /// Reads a list, item by item.
    pub fn list(
        &mut self,
        what: impl Fn() -> String,
        mut each: impl FnMut(&mut Self) -> Result<(), Wrong>,
    ) -> Result<(), Wrong> {
        self.opens(b'[', what)?;
        let mut first = true;
        while !self.closes(b']', first)? {
            each(self)?;
            first = false;
        }
        Ok(())
    }

    /// Passes over the bracket that a list or an object begins with.
    #[inline]
    fn opens(&mut self, open: u8, what: impl Fn() -> String) -> Result<(), Wrong> {
        if self.next_byte() != Some(open) {
            return Err(self.instead(what()));
        }
        self.at += 1;
        Ok(())
    }

    /// The key of an object's next member, and the way to its value; none where the object ends here.
    #[inline]
    fn member(&mut self, first: bool) -> Result<Option<Name<'a>>, Wrong> {
        if self.strict.is_none()
            && let Some(member) = plain::member(self.bytes, self.at, first)
            && let Some(raw) = self.bytes.get(member.from..member.to)
        {
            self.at = member.value;
            return Ok(Some(Name::new(raw, false)));
        }
        self.any_member(first)
    }

    /// The same of any key.
    #[inline(never)]
    fn any_member(&mut self, first: bool) -> Result<Option<Name<'a>>, Wrong> {
        if self.closes(b'}', first)? {
            return Ok(None);
        }
        let name = self.name()?;
        self.next_byte();
        Ok(Some(name))
    }

    /// An object's next member, if it is one of those that are expected next.
    #[inline]
    fn follows<R: Copy>(
        &mut self,
        shape: &Shape<'a, R>,
        next: &mut usize,
        first: bool,
    ) -> Option<Expected<R>> {
        if self.strict.is_some() {
            return None;
        }
        shape.expected(next, first, |text| self.takes(text))
    }

    /// Whether a list or object ends here, else what parts its next value from the one before.
    #[inline]
    fn closes(&mut self, close: u8, first: bool) -> Result<bool, Wrong> {
        match self.next_byte() {
            Some(byte) if byte == close => {
                self.at += 1;
                Ok(true)
            }
            Some(b',') if !first => {
                self.at += 1;
                Ok(false)
            }
            Some(_) if first => Ok(false),
            _ => Err(self.fault("a comma or the closing bracket")),
        }
    }

    #[inline]
    fn name(&mut self) -> Result<Name<'a>, Wrong> {
        if self.next_byte() != Some(b'"') {
            return Err(self.fault("a key in quotes"));
        }
        let from = self.at;
        let plain = skip::plain(self.bytes, from + 1);
        let escaped = self.bytes.get(plain) != Some(&b'"');
        if escaped || self.strict.is_some() {
            let key = self.checked(Some(b'"'))?;
            if key.string().is_none() {
                return Err(self.fault("a key that is text"));
            }
        } else {
            self.at = plain + 1;
        }
        let raw = self.bytes.get(from..self.at).unwrap_or_default();
        if self.next_byte() != Some(b':') {
            return Err(self.fault("a colon"));
        }
        self.at += 1;
        Ok(Name::new(raw, escaped))
    }
}
