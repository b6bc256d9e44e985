//! What a row looked like, laid over the rows that follow.
//!
//! Looker writes all rows of a result alike, but for their values. What stands between the values that
//! are wanted of one row, brackets and keys and blanks, therefore stands there in the next row too,
//! byte by byte, and one comparison tells more than going through brackets, keys and commas would. A
//! row that differs anywhere is read by itself, and becomes a stencil too.
//!
//! A stencil says nothing of values that are wanted: each is read as it is in a row that is read by
//! itself. Long ones that nobody asked for, as drill links are, mostly differ in digits only, and are
//! compared as well: where nothing else differs, they end where they ended there.

use crate::cell::{Cell, Value};
use crate::luck::Luck;
use crate::overlay::{Mark, Overlays};
use crate::walk::{Walk, Wrong};

/// What is done where a value stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Act {
    /// Nobody asked for it.
    Pass,
    /// It is the `value` of a column's cell.
    Value(usize),
    /// It is the `rendered` of a column's cell, whose `value` has been read.
    Rendered(usize),
    /// It is the whole cell of a column, which is read by itself.
    Whole(usize),
}

/// One value of a row, and the text between it and the value before it.
#[derive(Clone, Copy, Debug)]
struct Step<'a> {
    before: &'a [u8],
    act: Act,
    /// The value, where nobody asked for it and it is worth comparing; else empty.
    passed: &'a [u8],
}

/// What one row looked like.
#[derive(Debug, Default)]
struct Stencil<'a> {
    steps: Vec<Step<'a>>,
    /// From the last value to the row's last bracket.
    end: &'a [u8],
}

/// The last few rows that looked unlike each other.
#[derive(Debug, Default)]
pub(crate) struct Stencils<'a> {
    /// The one that fitted last comes first.
    known: Vec<Stencil<'a>>,
    luck: Luck,
    /// The same rows byte by byte, which are tried first.
    overlays: Overlays<'a>,
}

/// As many are tried on a row: a few columns that are null now and then make so many kinds of rows.
const KNOWN: usize = 4;
/// A value that is passed over is compared with that of the stencil if it has as many bytes: short ones
/// are passed over as quickly as they are compared.
const WORTH: usize = 128;
/// A row of more values than this is read by itself: looking at it would cost more than it saves.
const MOST_STEPS: usize = 512;

impl<'a> Stencils<'a> {
    /// Reads a row that looks like one of the last ones. False, and nothing is read or changed, where
    /// it does not.
    ///
    /// `whole` reads a cell that is read by itself.
    #[inline]
    pub fn read(
        &mut self,
        walk: &mut Walk<'a>,
        cells: &mut [Cell<'a>],
        mut whole: impl FnMut(&mut Walk<'a>, usize) -> Result<Cell<'a>, Wrong>,
    ) -> bool {
        if self.overlays.read(walk, cells, &mut whole) {
            self.luck.hit();
            return true;
        }
        let start = walk.clone();
        for place in 0..self.known.len() {
            let Some(stencil) = self.known.get(place) else {
                break;
            };
            // What is wrong with a value shows again when the row is read by itself.
            if matches!(stencil.lay(walk, cells, &mut whole, |_, _, _| {}), Ok(true)) {
                if self.overlays.wants() {
                    self.overlays
                        .learn(start.until(walk), stencil.marks(&start, cells, &mut whole));
                }
                self.luck.hit();
                if let Some(known) = self.known.get_mut(..=place) {
                    known.rotate_right(1);
                }
                return true;
            }
            walk.back_to(start.place());
            cells.fill(Cell::Absent);
        }
        false
    }

    /// Begins to look at a row that is read by itself; none where rows are too unlike each other.
    pub fn trace(&mut self, walk: &Walk<'a>) -> Option<Trace<'a>> {
        if self.luck.is_out() || walk.is_strict() {
            self.known.clear();
            self.overlays = Overlays::default();
            return None;
        }
        self.luck.miss();
        // The one that fitted longest ago makes room, with the memory that it has.
        let mut stencil = if self.known.len() < KNOWN {
            Stencil::default()
        } else {
            self.known.pop().unwrap_or_default()
        };
        stencil.steps.clear();
        Some(Trace {
            stencil,
            start: walk.clone(),
            from: walk.clone(),
            marks: Vec::new(),
            is_plain: true,
        })
    }

    /// Remembers a row that was looked at.
    pub fn learn(&mut self, trace: Option<Trace<'a>>, walk: &Walk<'a>) {
        let Some(mut trace) = trace.filter(|trace| trace.is_plain) else {
            return;
        };
        trace.stencil.end = trace.from.until(walk);
        if self.overlays.wants() {
            self.overlays.learn(trace.start.until(walk), trace.marks);
        }
        self.known.insert(0, trace.stencil);
    }
}

impl<'a> Stencil<'a> {
    #[inline]
    fn lay(
        &self,
        walk: &mut Walk<'a>,
        cells: &mut [Cell<'a>],
        whole: &mut impl FnMut(&mut Walk<'a>, usize) -> Result<Cell<'a>, Wrong>,
        mut note: impl FnMut(&Walk<'a>, &Walk<'a>, Act),
    ) -> Result<bool, Wrong> {
        for step in &self.steps {
            if !walk.takes(step.before) {
                return Ok(false);
            }
            let start = walk.clone();
            match step.act {
                Act::Pass => walk.skip_like(step.passed)?,
                Act::Value(column) => {
                    let value = walk.token()?;
                    if let Some(cell) = cells.get_mut(column) {
                        *cell = Cell::Flat(Value {
                            value,
                            rendered: None,
                        });
                    }
                }
                Act::Rendered(column) => {
                    let shown = walk.token()?;
                    if let Some(Cell::Flat(value)) = cells.get_mut(column) {
                        value.rendered = Some(shown);
                    }
                }
                Act::Whole(column) => {
                    let read = whole(walk, column)?;
                    if let Some(cell) = cells.get_mut(column) {
                        *cell = read;
                    }
                }
            }
            note(&start, walk, step.act);
        }
        Ok(walk.takes(self.end))
    }

    /// Where the values stand in a row that it fits and that begins there.
    #[cold]
    fn marks(
        &self,
        start: &Walk<'a>,
        cells: &mut [Cell<'a>],
        whole: &mut impl FnMut(&mut Walk<'a>, usize) -> Result<Cell<'a>, Wrong>,
    ) -> Vec<Mark> {
        let mut marks = Vec::new();
        let note =
            |from: &Walk<'a>, to: &Walk<'a>, act| marks.extend(Mark::of(start, from, to, act));
        // It has been laid over this row before.
        let _ = self.lay(&mut start.clone(), cells, whole, note);
        marks
    }
}

/// A row that is being read by itself, looked at on the way.
pub(crate) struct Trace<'a> {
    stencil: Stencil<'a>,
    /// Where the row begins.
    start: Walk<'a>,
    /// Its values that are wanted.
    marks: Vec<Mark>,
    /// Where the value before ended.
    from: Walk<'a>,
    /// Whether each value stands once, and before how it is shown, and there are not too many.
    is_plain: bool,
}

impl<'a> Trace<'a> {
    /// Notes the value that begins where the one walk stands and has ended where the other does.
    pub fn note(&mut self, start: &Walk<'a>, end: &Walk<'a>, act: Act) {
        if !self.is_plain || self.stencil.steps.len() >= MOST_STEPS {
            self.is_plain = false;
            return;
        }
        let has = |act| self.stencil.steps.iter().any(|step| step.act == act);
        let fits = match act {
            Act::Pass => true,
            Act::Value(column) => !has(act) && !has(Act::Whole(column)),
            Act::Whole(column) => !has(act) && !has(Act::Value(column)),
            Act::Rendered(column) => !has(act) && has(Act::Value(column)),
        };
        self.is_plain &= fits;
        self.marks.extend(Mark::of(&self.start, start, end, act));
        let value = start.until(end).trim_ascii_start();
        let is_worth_it = act == Act::Pass && value.len() >= WORTH;
        self.stencil.steps.push(Step {
            before: self.from.until(start),
            act,
            passed: if is_worth_it { value } else { b"" },
        });
        self.from = end.clone();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reader;
    use crate::table::{Column, Table};

    /// A result with these rows, whose columns `a` and `b` are wanted and whose others are not.
    fn result(rows: &[String]) -> String {
        let fields = r#"{"dimensions":[{"name":"a"}],"measures":[{"name":"b"}]}"#;
        format!(r#"{{"fields":{fields},"data":[{}]}}"#, rows.join(","))
    }

    fn cells(table: &Table<'_>) -> Vec<String> {
        let cells = |row| [0, 1].map(|column| format!("{:?}", table.cell(row, column)));
        (0..table.rows()).flat_map(cells).collect()
    }

    /// What is read of the rows, in both ways; none where they are refused.
    fn read(rows: &[String]) -> [Option<Vec<String>>; 2] {
        let columns = |_: &_| {
            ["a", "b"]
                .map(|name| Column {
                    name: name.into(),
                    pivoted: false,
                })
                .to_vec()
        };
        let body = result(rows);
        let swift = reader::read(body.as_bytes(), columns);
        let strict = reader::read_strictly(body.as_bytes(), columns);
        [swift, strict].map(|read| read.ok().map(|document| cells(&document.table)))
    }

    #[test]
    fn rows_of_many_kinds_are_read_as_each_by_itself() {
        let kinds = [
            r#"{"a":{"value":"N"},"b":{"value":N}}"#,
            r#"{"a":{"value":"N"},"b":{"value":N,"rendered":"N%"}}"#,
            r#"{"a":{"value":"N"},"b":{"value":null}}"#,
            r#"{"a":{"value":"N"},"c":{"value":[N]},"b":{"value":-N.50,"links":[{"url":"N"}]}}"#,
            r#"{"a":{"value":"N"}}"#,
            r#"{}"#,
            r#"{"b":{"value":N}, "a":{"value":"ä N"}}"#,
            r#"{"a":{"value":1,"value":"N"},"b":{"rendered":"r","value":Ne2}}"#,
            r#"{"a":{"value":"x"},"a":{"value":"N"},"b":{"value":true}}"#,
        ];
        // The same kind again and again, all in turn, and some at first only.
        for pattern in [
            vec![0],
            vec![1, 2],
            (0..kinds.len()).collect(),
            vec![0, 0, 0, 3, 4, 5, 6, 7, 8, 1, 1, 1],
        ] {
            let rows: Vec<String> = (1..200)
                .map(|row| kinds[pattern[row % pattern.len()]].replace('N', &row.to_string()))
                .collect();
            let [swift, strict] = read(&rows);
            assert!(
                strict
                    .as_ref()
                    .is_some_and(|cells| cells.len() == rows.len() * 2),
                "{pattern:?}"
            );
            assert_eq!(swift, strict, "{pattern:?}");
        }
    }

    #[test]
    fn a_row_of_very_many_values_is_not_remembered() {
        let walk = Walk::swift(b"{}");
        for (values, known) in [(MOST_STEPS, 1), (MOST_STEPS + 1, 0), (MOST_STEPS * 9, 0)] {
            let mut stencils = Stencils::default();
            let mut trace = stencils.trace(&walk).expect("rows may be alike");
            for _ in 0..values {
                trace.note(&walk, &walk, Act::Pass);
            }
            assert!(trace.stencil.steps.len() <= MOST_STEPS);
            stencils.learn(Some(trace), &walk);
            assert_eq!(stencils.known.len(), known, "{values}");
        }
    }

    #[test]
    fn a_row_that_is_broken_is_refused_after_rows_that_were_not() {
        let row = |number: &str| {
            format!(r#"{{"a":{{"value":"x"}},"b":{{"value":{number},"rendered":"y"}}}}"#)
        };
        let mut rows = vec![row("1"), row("2"), row("3")];
        assert!(read(&rows)[0].is_some());
        for broken in [
            row("01"),
            row("1 2"),
            row("tru"),
            row("\"\u{1}\""),
            row("4").replace("},\"b\"", "}\"b\""),
            row("4").replace("}}", "}"),
            row("4").replace("\"y\"", "\"y\"]"),
            row("4").replace("\"value\":4", "\"valu\":4"),
        ] {
            rows[2] = broken;
            assert_eq!(read(&rows), [None, None], "{}", rows[2]);
        }
    }
}
