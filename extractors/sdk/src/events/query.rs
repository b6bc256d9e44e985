//! What Looker's Query object hides from view, and so from the events.

use std::borrow::Cow;

use crate::chart::Failure;
use crate::json::Token;
use crate::scan::{Fault, Scan};

/// Why the hidden fields cannot be told.
enum Unread {
    /// It is not JSON.
    Fault(Fault),
    /// A member is of another shape than documented.
    Shape(&'static str),
}

impl From<Fault> for Unread {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

/// The names in `vis_config.hidden_fields`. Nothing at all hides nothing; a query that cannot be
/// read is `malformed`, for what it hides would be sent otherwise.
pub fn hidden(query: &[u8]) -> Result<Vec<Cow<'_, str>>, Failure> {
    let text = crate::reader::text(query)?;
    if matches!(text.trim_ascii(), "" | "null") {
        return Ok(Vec::new());
    }
    let mut hidden = Vec::new();
    let mut scan = Scan::new(text);
    let whole = scan.members(|scan, key| {
        let is_object = scan.next_byte() == Some(b'{');
        if !key.is("vis_config") || !is_object {
            let token = scan.token()?;
            if key.is("vis_config") && !token.is_null() {
                return Err(Unread::Shape("vis_config"));
            }
            return Ok(());
        }
        hidden.clear();
        scan.members(|scan, key| {
            let token = scan.token()?;
            if key.is("hidden_fields") && !token.is_null() {
                let names = token.items().ok_or(Unread::Shape("hidden_fields"))?;
                hidden = names.into_iter().filter_map(Token::filled).collect();
            }
            Ok::<_, Unread>(())
        })?;
        Ok(())
    });
    match whole.and_then(|_| Ok(scan.end()?)) {
        Ok(()) => Ok(hidden),
        Err(Unread::Shape(member)) => Err(Failure::malformed(format!(
            "The query's `{member}` is not what Looker documents, so nothing tells which fields are hidden and must not be sent. Send Looker's Query object as it is."
        ))),
        Err(Unread::Fault(Fault { at, what })) => Err(Failure::malformed(format!(
            "The query is not a JSON object: {what} at byte {at}. Send Looker's Query object, or `{{}}` where there is none."
        ))),
    }
}
