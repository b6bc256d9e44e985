//! A row that was read, laid over the rows that follow, byte by byte.
//!
//! Most rows of a result are as long as each other and differ in nothing but a few letters and digits.
//! Where a row differs from one that was read before only in what means nothing to its structure,
//! every value stands where it stood there and is of the same kind, so that nothing has to be looked
//! for. What may differ, and at the same place only:
//!
//! - inside of a text that is a value: a plain character of ASCII in the place of another;
//! - outside of texts: a digit in the place of a digit.
//!
//! Keys, and what is escaped, have to be the same. A row that differs in more is read in another way
//! ([`crate::stencil`]).

use crate::block::{Block, WIDTH};
use crate::cell::{Cell, Value};
use crate::json::{Kind, Token};
use crate::luck::Luck;
use crate::skip;
use crate::stencil::Act;
use crate::walk::{Walk, Wrong};

mod free;

use free::{Free, free};

/// Where a value that is wanted stands in a row.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mark {
    pub act: Act,
    pub from: usize,
    pub to: usize,
}

impl Mark {
    /// The mark of a value in a row that begins at `start`; none where it is only passed over.
    pub fn of(start: &Walk<'_>, from: &Walk<'_>, to: &Walk<'_>, act: Act) -> Option<Self> {
        let at = |walk| start.until(walk).len();
        // There may be blanks before it, where a row that looked alike has none.
        let value = from.until(to).trim_ascii_start().len();
        (act != Act::Pass).then(|| Self {
            act,
            from: at(to) - value,
            to: at(to),
        })
    }
}

/// A row.
#[derive(Debug)]
struct Overlay<'a> {
    row: &'a [u8],
    marks: Vec<Mark>,
    /// First digits of numbers that have more before their point: none of them may become zero.
    leads: Vec<usize>,
    /// For each block, and for the last sixty-four bytes. Nothing before it is first tried.
    free: Vec<Free>,
}

/// The last few rows that looked unlike each other.
#[derive(Debug, Default)]
pub(crate) struct Overlays<'a> {
    /// The one that fitted last comes first.
    known: Vec<Overlay<'a>>,
    luck: Luck,
    /// Rows that fitted none.
    rows: usize,
}

/// As many are tried on a row: numbers of some more digits or fewer make so many lengths.
const KNOWN: usize = 4;
/// So many rows are read before one is remembered. What may differ in a row costs as much to find out
/// as reading a few rows: a result of a dozen has no use for it.
const FEW_ROWS: usize = 16;

impl<'a> Overlays<'a> {
    /// Reads a row that fits one of the last ones. False, and nothing is read or changed, where none
    /// fits.
    ///
    /// `whole` reads a cell that is read by itself.
    #[inline]
    pub fn read(
        &mut self,
        walk: &mut Walk<'a>,
        cells: &mut [Cell<'a>],
        mut whole: impl FnMut(&mut Walk<'a>, usize) -> Result<Cell<'a>, Wrong>,
    ) -> bool {
        for place in 0..self.known.len() {
            let Some(overlay) = self.known.get_mut(place) else {
                break;
            };
            if overlay.lay(walk, cells, &mut whole).is_some() {
                self.luck.hit();
                if place > 0
                    && let Some(known) = self.known.get_mut(..=place)
                {
                    known.rotate_right(1);
                }
                return true;
            }
            cells.fill(Cell::Absent);
        }
        false
    }

    /// Counts a row that fitted none, and says whether it should be remembered.
    pub fn wants(&mut self) -> bool {
        if self.luck.is_out() {
            self.known.clear();
        }
        self.rows += 1;
        self.rows > FEW_ROWS && !self.luck.is_out()
    }

    /// Remembers a row with the values that are wanted of it.
    pub fn learn(&mut self, row: &'a [u8], marks: Vec<Mark>) {
        self.luck.miss();
        if let Some(overlay) = Overlay::of(row, marks) {
            self.known.truncate(KNOWN - 1);
            self.known.insert(0, overlay);
        }
    }
}

impl<'a> Overlay<'a> {
    /// None where a value is wanted of which more would have to be known than where it stands.
    fn of(row: &'a [u8], marks: Vec<Mark>) -> Option<Self> {
        if row.len() < WIDTH {
            return None;
        }
        let mut leads = Vec::new();
        for mark in &marks {
            if matches!(mark.act, Act::Whole(_)) {
                continue;
            }
            let value = row.get(mark.from..mark.to)?;
            match Token::again(value).kind() {
                Kind::Array | Kind::Object => return None,
                Kind::Text if !value.is_ascii() || skip::has_escapes(value) => return None,
                Kind::Text | Kind::Null | Kind::Bool => {}
                Kind::Number => {
                    let first = mark.from + usize::from(value.starts_with(b"-"));
                    if row.get(first + 1).is_some_and(u8::is_ascii_digit) {
                        leads.push(first);
                    }
                }
            }
        }
        Some(Self {
            row,
            marks,
            leads,
            free: Vec::new(),
        })
    }

    /// Reads the row that begins here, if it fits.
    #[inline]
    fn lay(
        &mut self,
        walk: &mut Walk<'a>,
        cells: &mut [Cell<'a>],
        whole: &mut impl FnMut(&mut Walk<'a>, usize) -> Result<Cell<'a>, Wrong>,
    ) -> Option<()> {
        let row = walk.ahead(self.row.len())?;
        if self.free.is_empty() {
            self.free = free(self.row);
        }
        if !self.fits(row) {
            return None;
        }
        for mark in &self.marks {
            let value = || row.get(mark.from..mark.to).map(Token::ascii);
            match mark.act {
                Act::Pass => {}
                Act::Value(column) => {
                    *cells.get_mut(column)? = Cell::Flat(Value {
                        value: value()?,
                        rendered: None,
                    });
                }
                Act::Rendered(column) => {
                    if let Cell::Flat(cell) = cells.get_mut(column)? {
                        cell.rendered = Some(value()?);
                    }
                }
                Act::Whole(column) => {
                    let mut inside = walk.clone();
                    inside.pass(mark.from);
                    *cells.get_mut(column)? = whole(&mut inside, column).ok()?;
                    let here = walk.until(&inside).len();
                    if here != mark.to {
                        return None;
                    }
                }
            }
        }
        walk.pass(row.len());
        Some(())
    }

    #[inline]
    fn fits(&self, row: &[u8]) -> bool {
        let fits = |((one, other), free): ((&[u8; WIDTH], &[u8; WIDTH]), &Free)| {
            let (one, other) = (Block::load(one), Block::load(other));
            one.same(other)
                || free.all_digits && one.same_but_digits(other)
                || free.allows(one, other)
        };
        let (blocks, _) = row.as_chunks();
        let (own, _) = self.row.as_chunks();
        let last = row.last_chunk().zip(self.row.last_chunk());
        blocks.iter().zip(own).zip(&self.free).all(fits)
            && last.zip(self.free.last()).is_some_and(fits)
            && !self.leads.iter().any(|lead| row.get(*lead) == Some(&b'0'))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::reader;
    use crate::table::Column;

    /// Rows of which `a` and `b` are wanted, each with what else rows may hold.
    const ROWS: [&str; 6] = [
        r#"{"a":{"value":"2017-07","links":[{"label":"x","url":"\/a?f[o.m]=2017-07&n=10","type_label":"2017-07"}]},"b":{"value":1046,"rendered":"1,046"}}"#,
        r#"{"b1":{"value":0.25},"a":{"value":"Zürich 8","html":"<b>8</b>"},"b":{"value":-10.50,"rendered":null},"k\"9":[1,22,true]}"#,
        r#"{ "o.q1_2" : { "value" : "q1" } , "a" : { "value" : 1e10 } , "b" : { "value" : null } , "c" : [ "x\u00e4y" , "\\" , "\\\"" ] }"#,
        r#"{"a":{"value":"a\u0041b 1234567890"},"b":{"value":true},"long":"0123456789012345678901234567890123456789012345678901234567890123456789"}"#,
        r#"{"a":{"value":[1,2]},"b":{"value":7},"another, which makes it long enough to be remembered":null,"0123456789":10}"#,
        r#"{"a":{"value":""},"b":{"value":10,"value":20},"x":"a text that makes the row longer than sixty-four bytes altogether"}"#,
    ];

    /// The cells of a result of these rows, row by row; none where it is refused.
    fn cells(rows: &[&[u8]]) -> Option<Vec<String>> {
        let mut body =
            br#"{"fields":{"dimensions":[{"name":"a"}],"measures":[{"name":"b"}]},"data":["#
                .to_vec();
        body.extend(rows.join(&b','));
        body.extend(b"]}");
        let columns = |_: &_| {
            ["a", "b"]
                .map(|name| Column {
                    name: name.into(),
                    pivoted: false,
                })
                .to_vec()
        };
        let document = reader::read(&body, columns).ok()?;
        let table = &document.table;
        let row = |row| format!("{:?} {:?}", table.cell(row, 0), table.cell(row, 1));
        Some((0..table.rows()).map(row).collect())
    }

    fn bytes() -> impl Strategy<Value = u8> {
        let marks = prop::sample::select(b"\"\\{}[]:, \n\x00\x7f\x80\xc3-.eutf".to_vec());
        prop_oneof![4 => b'0'..=b'9', 2 => b'a'..=b'z', 1 => Just(b' '), 1 => marks]
    }

    type Changes = Vec<(prop::sample::Index, u8)>;

    fn changes() -> impl Strategy<Value = Changes> {
        prop::collection::vec((any::<prop::sample::Index>(), bytes()), 0..4)
    }

    fn changed(row: &[u8], changes: Changes) -> Vec<u8> {
        let mut row = row.to_vec();
        for (at, byte) in changes {
            let at = at.index(row.len());
            row[at] = byte;
        }
        row
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(8_000))]

        #[test]
        fn rows_are_read_alike_whether_others_are_laid_over_them_or_not(
            kind in 0..ROWS.len(),
            first in changes(),
            second in changes(),
            before in FEW_ROWS..FEW_ROWS + 4,
        ) {
            let row = ROWS[kind].as_bytes();
            let first = changed(row, first);
            let second = changed(&first, second);
            let last = |before: usize| {
                let mut rows = vec![row; before];
                rows.extend([&*first, &*second, &*first]);
                Some(cells(&rows)?.split_off(before))
            };
            // Among a few rows none is laid over others.
            prop_assert_eq!(last(before), last(1), "{}\n{}", String::from_utf8_lossy(&first), String::from_utf8_lossy(&second));
        }
    }

    #[test]
    fn a_value_after_a_blank_stands_where_it_begins() {
        let row = |value: &str| {
            format!(
                r#"{{"a":{{"value":"x"}},"b":{{"value":{value}}},"c":"long enough to be remembered"}}"#
            )
        };
        let mut rows = vec![row("-125"); FEW_ROWS];
        rows.extend([" 125", " 126", "-126", " 127"].map(row));
        let rows: Vec<&[u8]> = rows.iter().map(String::as_bytes).collect();
        let each = rows.iter().map(|row| Some(cells(&[row])?.concat()));
        assert_eq!(cells(&rows), each.collect());
    }

    #[test]
    fn rows_that_differ_in_letters_and_digits_of_values_fit() {
        let fits = |kind: usize, changed: &str| {
            let row = ROWS[kind].as_bytes();
            let number = ROWS[kind].find("1046").map(|from| Mark {
                act: Act::Value(1),
                from,
                to: from + 4,
            });
            let overlay = Overlay::of(row, number.into_iter().collect());
            let mut overlay = overlay.expect("it is long enough");
            overlay.free = free(row);
            overlay.fits(changed.as_bytes())
        };
        for (kind, from, to, does_fit) in [
            (0, "2017-07\",\"links", "2018-12\",\"links", true),
            (0, "f[o.m]", "f[p.m]", true),
            (0, "1046", "9999", true),
            (0, "\\/a", "\\na", false),
            (0, "\"links\"", "\"linkt\"", false),
            (0, "1046", "0046", false),
            (0, "1046", "1e46", false),
            (1, "\"b1\"", "\"b2\"", false),
            (1, "Zürich", "Zurrich", false),
            (1, "true", "trve", false),
            (1, "-10.50", "+10.50", false),
            (2, "\"o.q1_2\" ", "\"o.q2_2\" ", false),
            (2, "\"q1\"", "\"q2\"", true),
        ] {
            let changed = ROWS[kind].replacen(from, to, 1);
            assert_ne!(changed, ROWS[kind], "{from}");
            assert_eq!(changed.len(), ROWS[kind].len(), "{from}");
            assert_eq!(fits(kind, &changed), does_fit, "{changed}");
        }
    }

    #[test]
    fn rows_that_are_never_alike_are_not_tried_for_ever() {
        let mut overlays = Overlays::default();
        let mut learnt = 0;
        for _ in 0..1_000 {
            if overlays.wants() {
                overlays.learn(ROWS[0].as_bytes(), Vec::new());
                learnt += 1;
            }
            assert!(overlays.known.len() <= KNOWN);
        }
        assert!(0 < learnt && learnt < 100, "{learnt}");
        assert!(overlays.known.is_empty());
    }
}
