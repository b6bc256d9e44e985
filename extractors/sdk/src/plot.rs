//! A tile that has been opened: the document, the fields along its axes, and the rows that count.

use crate::axis::{self, Axis};
use crate::cell::{Cell, Value};
use crate::chart::{Failure, Note, Tile};
use crate::clock::Clock;
use crate::document::Document;
use crate::field::{Field, Role};
use crate::fields::Fields;
use crate::json::Token;
use crate::layout::Layout;
use crate::selection::Chosen;
use crate::stamp::Stamp;
use crate::table::{Column, Table};
use crate::timeframe::Timeframe;
use crate::vis::Query;
use crate::zone::Zone;
use crate::{labels, measure, reader};

static UTC: Zone = Zone::UTC;

/// A tile, read whole, with what was chosen of its fields.
#[derive(Debug)]
pub struct Plot<'a> {
    /// What the chart has for an axis.
    pub layout: Layout,
    /// What was chosen.
    pub chosen: Chosen<'a>,
    /// The tile's query.
    pub query: Query<'a>,
    /// The result.
    pub document: Document<'a>,
    /// The field whose number is read.
    pub measure: Field<'a>,
    /// Whether it has a number for each column rather than one for each row.
    pub is_pivoted: bool,
    /// The axis, where the chart has one.
    pub axis: Option<Axis<'a>>,
    /// What time it is for the result.
    pub clock: Clock<'a>,
    /// The rows that the chart draws, by their place in the document.
    pub rows: Vec<usize>,
    /// Where the column of what is read stands in the document's table.
    column: Option<usize>,
}

impl<'a> Plot<'a> {
    /// Opens a tile. Nothing of `at`, `pivot`, `row` and `format` is judged yet.
    ///
    /// Failures, the first of them that applies: `malformed`, `looker-error`, `unsupported`, and
    /// `bad-selection` for unknown controls, `y` and `x`.
    pub fn open(
        tile: &'a Tile,
        selection: &'a [(String, String)],
        layout: Layout,
    ) -> Result<Self, Failure> {
        Self::opened(tile, Chosen::read(selection, layout), layout)
    }

    /// Opens a tile whose controls are to be listed: where the chart hides every field that could be
    /// read, the others follow from the first hidden one.
    ///
    /// Failures: as for [`Plot::open`].
    pub fn open_to_outline(
        tile: &'a Tile,
        selection: &'a [(String, String)],
        layout: Layout,
    ) -> Result<Self, Failure> {
        let (chosen, misnamed) = Chosen::read(selection, layout);
        let chosen = Chosen {
            or_hidden: true,
            ..chosen
        };
        Self::opened(tile, (chosen, misnamed), layout)
    }

    fn opened(
        tile: &'a Tile,
        (chosen, misnamed): (Chosen<'a>, Option<Failure>),
        layout: Layout,
    ) -> Result<Self, Failure> {
        let query = Query::read(&tile.query)?;
        let columns = |fields: &Fields<'a>| wanted(fields, &query, &chosen, layout);
        let document = if is_strict(&tile.context) {
            reader::read_strictly(&tile.body, columns)?
        } else {
            reader::read(&tile.body, columns)?
        };

        let measure = measure::chosen(&document.fields, &query, &chosen, layout);
        measure::required(&document.fields, layout)?;
        axis::required(&document.fields, measure.as_ref().ok().copied(), layout)?;
        if let Some(failure) = misnamed {
            return Err(failure);
        }
        let measure = measure?.clone();
        let along = axis::chosen(&document.fields, &measure, &query, &chosen, layout)?.cloned();

        let mut plot = Self {
            layout,
            chosen,
            is_pivoted: is_pivoted(&document, &measure),
            clock: Clock::new(&document, &query, &tile.context),
            rows: drawn(&document.table, &query),
            column: document.table.column(&measure.name),
            axis: None,
            query,
            document,
            measure,
        };
        plot.axis = along.map(|field| plot.axis_along(field)).transpose()?;
        Ok(plot)
    }

    fn axis_along(&self, field: Field<'a>) -> Result<Axis<'a>, Failure> {
        let mut stamps = Vec::new();
        let kind = if field.role == Role::Pivot {
            if !self.is_pivoted {
                return Err(axis::flat_measure(&field.name, &self.measure.name));
            }
            let values = self.on_columns(&field);
            axis::kind(&field, values.map(|value| (value, axis::stamp_of(value))))
        } else {
            // Each row's text is read once, here, and looked up from then on.
            stamps.reserve(self.document.table.rows());
            let mut last = None;
            let rows = self.rows.iter().zip(self.on_rows(&field));
            axis::kind(
                &field,
                rows.map(|(row, value)| {
                    let stamp = axis::stamp_after(&mut last, value);
                    if stamps.len() < *row {
                        stamps.resize(*row, None);
                    }
                    stamps.push(stamp);
                    (value, stamp)
                }),
            )
        };
        let mut axis = Axis {
            column: self.document.table.column(&field.name),
            field,
            kind,
            in_utc: false,
            stamps,
        };
        if axis.frame().is_some_and(Timeframe::is_within_days) {
            let has_offset = |stamp: Option<Stamp>| stamp.is_some_and(|it| it.offset.is_some());
            axis.in_utc = if axis.is_on_pivots() {
                let mut values = self.on_columns(&axis.field);
                values.any(|value| has_offset(axis::stamp_of(value)))
            } else {
                axis.stamps.iter().copied().any(has_offset)
            };
        }
        Ok(axis)
    }

    fn on_columns(&self, field: &Field<'a>) -> impl Iterator<Item = Token<'a>> {
        let pivots = self.document.pivots.iter().filter(|pivot| !pivot.is_total);
        pivots.filter_map(|pivot| pivot.value(&field.name))
    }

    fn on_rows(&self, field: &Field<'a>) -> impl Iterator<Item = Token<'a>> {
        let column = self.document.table.column(&field.name);
        self.rows.iter().map(move |row| self.value_in(*row, column))
    }

    /// Whether any value along an axis can be chosen: nulls and objects can not.
    pub fn has_values_along(&self, axis: &Axis<'a>) -> bool {
        let can_be_chosen = |value: Token<'a>| value.text().is_some();
        if axis.is_on_pivots() {
            self.on_columns(&axis.field).any(can_be_chosen)
        } else {
            self.on_rows(&axis.field).any(can_be_chosen)
        }
    }

    /// The zone that points along the axis are compared in.
    pub fn zone(&self) -> &Zone {
        match &self.axis {
            Some(axis) if axis.in_utc => &UTC,
            _ => self.clock.zone(),
        }
    }

    /// Whether the result is pivoted.
    pub fn has_pivots(&self) -> bool {
        !self.document.fields.pivots.is_empty()
    }

    /// The value of a dimension in a row; what is absent is null.
    pub fn value(&self, row: usize, field: &str) -> Token<'a> {
        self.value_in(row, self.document.table.column(field))
    }

    /// The value in a column of the document's table.
    pub(crate) fn value_in(&self, row: usize, column: Option<usize>) -> Token<'a> {
        let cell = column.and_then(|column| self.document.table.cell(row, column).flat());
        cell.map_or(Token::NULL, |cell| cell.value)
    }

    /// How Looker shows the value of a dimension in a row.
    pub fn rendered(&self, row: usize, field: &str) -> Option<Token<'a>> {
        let column = self.document.table.column(field)?;
        self.document.table.cell(row, column).flat()?.rendered
    }

    /// What is read of a row, under a pivot where there is one; none where it is null or absent.
    ///
    /// `malformed` where some cells of the field are pivoted and others are not.
    pub fn number(&self, row: usize, pivot: Option<usize>) -> Result<Option<Value<'a>>, Failure> {
        self.number_in(&self.document.table, self.column, row, pivot)
    }

    /// What is read of each row is one value, in this column of the document's table.
    pub(crate) fn flat_column(&self) -> Option<usize> {
        let column = self.column.filter(|_| !self.is_pivoted)?;
        (!self.document.table.is_pivoted(column)).then_some(column)
    }

    /// What is read of the column totals: as for [`Plot::number`].
    pub fn total(
        &self,
        totals: &Table<'a>,
        pivot: Option<usize>,
    ) -> Result<Option<Value<'a>>, Failure> {
        self.number_in(totals, totals.column(&self.measure.name), 0, pivot)
    }

    fn number_in(
        &self,
        table: &Table<'a>,
        column: Option<usize>,
        row: usize,
        pivot: Option<usize>,
    ) -> Result<Option<Value<'a>>, Failure> {
        let Some(column) = column else {
            return Ok(None);
        };
        let pivot = pivot.and_then(|pivot| self.document.pivots.get(pivot));
        let value = match (table.cell(row, column), pivot) {
            (Cell::Absent, _) => None,
            (Cell::Flat(value), None) if !self.is_pivoted => Some(*value),
            (cell @ Cell::Pivoted(_), Some(pivot)) if self.is_pivoted => cell
                .under(&pivot.key)
                .filter(|_| !self.is_not_drawn(table, row, &pivot.key)),
            _ => {
                return Err(Failure::malformed(format!(
                    "Some cells of `{}` have one value and others one for each column, which is not the shape that Looker documents. Ask Looker for the result again.",
                    self.measure.name
                )));
            }
        };
        Ok(value.filter(|value| !value.value.is_null()))
    }

    /// Whether a point of a row is left out by a pivoted yes-or-no field.
    fn is_not_drawn(&self, table: &Table<'_>, row: usize, key: &str) -> bool {
        self.query.texts("hidden_points_if_no").iter().any(|field| {
            let column = table.column(field);
            let value = column.and_then(|column| table.cell(row, column).under(key));
            value.is_some_and(|value| is_no(value.value))
        })
    }

    /// The column totals, as a table of one row.
    pub fn totals(&self) -> Result<Option<Table<'a>>, Failure> {
        let fields = &self.document.fields;
        self.document
            .totals(vec![column_of(fields, &self.measure.name)])
    }

    /// Whether the chart shows its first row and the rows stand in its order.
    pub fn shows_first_row(&self) -> bool {
        self.layout == Layout::Single && !self.document.unordered
    }

    /// The dimensions that tell rows apart beside the axis, in their order.
    pub fn row_dimensions(&self) -> impl Iterator<Item = &Field<'a>> {
        self.document
            .fields
            .dimensions
            .iter()
            .filter(|field| self.tells_rows_apart(field))
    }

    /// Whether a field may be named under `row`.
    pub fn tells_rows_apart(&self, field: &Field<'_>) -> bool {
        let is_axis = self
            .axis
            .as_ref()
            .is_some_and(|axis| axis.field.is_called(&field.name));
        field.is_dimension_like() && !is_axis && !field.is_called(&self.measure.name)
    }

    /// The pivot fields that `pivot` chooses among: all but the one along the axis.
    pub fn pivot_fields(&self) -> impl Iterator<Item = &Field<'a>> {
        let axis = self.axis.as_ref().map(|axis| &axis.field.name);
        self.document
            .fields
            .pivots
            .iter()
            .filter(move |field| Some(&field.name) != axis)
    }

    /// What the chart calls a pivot.
    pub fn pivot_label(&self, pivot: usize) -> String {
        let names = self
            .document
            .fields
            .pivots
            .iter()
            .map(|field| field.name.as_ref());
        let pivot = self.document.pivots.get(pivot);
        pivot
            .map(|pivot| labels::pivot(pivot, names))
            .unwrap_or_default()
    }

    /// What is known before any number is read.
    pub fn notes(&self) -> Vec<Note> {
        let mut notes = self.document.notes.clone();
        notes.extend(self.clock.note());
        notes
    }
}

/// Whether the context asks for a reading that checks every byte: `reader` is `strict` there. A host
/// does so to hold the swift reading against it when a version is tried.
fn is_strict(context: &[(String, String)]) -> bool {
    let says = |(name, value): &(String, String)| name == "reader" && value == "strict";
    context.iter().any(says)
}

/// The columns that reading needs: the measure, the dimensions, the axis, and what hides points.
fn wanted<'a>(
    fields: &Fields<'a>,
    query: &Query<'a>,
    chosen: &Chosen<'a>,
    layout: Layout,
) -> Vec<Column<'a>> {
    let mut names: Vec<_> = fields
        .dimensions
        .iter()
        .map(|field| field.name.clone())
        .collect();
    if let Ok(measure) = measure::chosen(fields, query, chosen, layout) {
        names.push(measure.name.clone());
        if let Ok(Some(along)) = axis::chosen(fields, measure, query, chosen, layout) {
            names.push(along.name.clone());
        }
    }
    // What `row` may name beside dimensions.
    if chosen.row.is_some() {
        names.extend(fields.dimension_like().map(|field| field.name.clone()));
    }
    names.extend(query.texts("hidden_points_if_no"));
    let mut columns: Vec<Column<'a>> = Vec::with_capacity(names.len());
    for name in names {
        if !columns
            .iter()
            .any(|column| column.is_called(name.as_bytes()))
        {
            columns.push(column_of(fields, &name));
        }
    }
    columns
}

fn column_of<'a>(fields: &Fields<'a>, name: &str) -> Column<'a> {
    let field = fields.find(name);
    let dimension = field.is_some_and(Field::is_dimension_like);
    Column {
        name: field.map_or_else(|| name.to_owned().into(), |field| field.name.clone()),
        pivoted: !fields.pivots.is_empty() && !dimension,
    }
}

/// Whether a field's cells are pivoted: the cells themselves tell, and its metadata where there
/// is none.
fn is_pivoted(document: &Document<'_>, measure: &Field<'_>) -> bool {
    if document.fields.pivots.is_empty() || measure.is_dimension_like() {
        return false;
    }
    let column = document.table.column(&measure.name);
    let mut cells = column
        .into_iter()
        .flat_map(|column| document.table.cells(column));
    let shape = cells.find_map(|cell| match cell {
        Cell::Flat(_) => Some(false),
        Cell::Pivoted(values) if !values.is_empty() => Some(true),
        Cell::Pivoted(_) | Cell::Absent => None,
    });
    shape.unwrap_or_else(|| measure.is_pivotable())
}

/// The rows that the chart draws: those with "No" in a field that hides points do not count.
fn drawn(table: &Table<'_>, query: &Query<'_>) -> Vec<usize> {
    let hiding = query.texts("hidden_points_if_no");
    let columns: Vec<_> = hiding
        .iter()
        .filter_map(|field| table.column(field))
        .collect();
    let is_drawn = |row: &usize| {
        let values = columns
            .iter()
            .filter_map(|column| table.cell(*row, *column).flat());
        !values.into_iter().any(|cell| is_no(cell.value))
    };
    if columns.is_empty() {
        return (0..table.rows()).collect();
    }
    (0..table.rows()).filter(is_drawn).collect()
}

fn is_no(value: Token<'_>) -> bool {
    matches!(value.bytes(), b"\"No\"" | b"false")
}
