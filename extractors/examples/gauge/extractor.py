"""Reads a radial gauge: the value that its needle points at, or its share of the target.

The value is the first measure of the first row. The target is what the gauge's options say: the second
measure, or a number of their own. Shares are exact decimals, rounded towards zero after PLACES digits.
"""

import lensmount as looker
from wit_world import exports
from wit_world.exports.chart import Note, Offering, Reading

PLACES = 12
CONTROLS = ["as"]
WAYS = {"value": "The value", "share-of-target": "Its share of the target"}


@looker.guarded
class Chart(exports.Chart):
    def describe(self):
        summary = "Reads a radial gauge: the value that its needle points at, or its share of the target."
        return looker.about("gauge", "1.0.0", "Radial gauge", summary)

    def chart_types(self):
        # As Looker's marketplace installs it, and as people name it who bring its code themselves.
        return ["marketplace_viz_radial_gauge::radial_gauge-marketplace", "radial_gauge", "gauge"]

    def outline(self, tile, selection):
        gauge = Gauge(tile)
        ways = [(way, label) for way, label in WAYS.items() if way == "value" or gauge.has_target()]
        help = f"A share is a fraction of one, rounded towards zero after {PLACES} digits."
        return Offering([looker.choice("as", "Read as", help, ways, "value")], gauge.notes)

    def read(self, tile, selection):
        return read(tile, selection)

    def series(self, tile, selection):
        return [read(tile, selection)]


class Gauge:
    """A tile, taken apart."""

    def __init__(self, tile):
        self.query = looker.Query(tile.query)
        result = looker.Result(tile.body)
        self.notes = [Note(code, message) for code, message in result.notes]
        if result.pivots or self.query.option("viz_trellis_by") not in (None, "none"):
            raise looker.unsupported(
                "The tile shows several gauges, and nothing tells which is meant. Set `Trellis By` to none, and take the pivot out."
            )
        self.shown = [field for field in result.measures + result.calculations if not self.query.hides(field)]
        if not self.shown:
            raise looker.unsupported("The gauge shows no measure, so there is no number to read. Add one to the tile.")
        self.rows = self.query.drawn(result)

    def cell(self, field):
        """The cell of a field in the row that the gauge shows."""
        if not self.rows:
            raise looker.no_data("The gauge has no rows, so there is no number. Widen the tile's filters.")
        return looker.Cell(self.rows[0], field)

    def source(self):
        """Where the target comes from: off, first, second or override."""
        return self.query.option("target_source") or "off"

    def has_target(self):
        return self.source() == "override" or (self.source() == "second" and len(self.shown) > 1)

    def target(self):
        """The target, and the text that it came as."""
        source = self.source()
        if source == "second" and len(self.shown) > 1:
            cell = self.cell(self.shown[1])
            return cell.number(), looker.text(cell.value)
        if source == "override":
            written = self.query.vis.get("target_value_override")
            number = looker.Decimal.parse(written) if isinstance(written, str) else None
            if number is None:
                raise looker.not_numeric(
                    f"The gauge's target is {looker.text(written)}, which is no plain number. Write one into its options."
                )
            return number, written
        raise looker.bad_selection(
            "as",
            f"The gauge has no target that is read: its target source is `{source}`. Take the second measure or a number "
            "of its own as the target in Looker, or choose the value.",
        )


def read(tile, selection):
    way = looker.chosen(selection, CONTROLS).get("as", "value")
    if way not in WAYS:
        raise looker.bad_selection("as", f"A gauge is not read as `{way}`; there are: {', '.join(WAYS)}. Choose one under `as`.")
    gauge = Gauge(tile)
    measure = gauge.shown[0]
    cell = gauge.cell(measure)
    value = cell.number()
    label = gauge.query.option("value_label_override") or gauge.query.label(measure)
    why = [("field", measure["name"]), ("raw", looker.text(cell.value)), ("format", way)]
    if way == "value":
        return Reading(str(value), cell.rendered, None, label, gauge.notes, why)
    target, raw = gauge.target()
    if target.is_zero():
        raise looker.no_data("The gauge's target is zero, so nothing is a share of it. Set another in Looker, or choose the value.")
    share, exact = value.divided_by(target, PLACES)
    rounded = Note("rounded", f"The share has no end: it is rounded towards zero after {PLACES} digits.")
    notes = gauge.notes if exact else [*gauge.notes, rounded]
    return Reading(str(share), None, None, f"{label} of target", notes, [*why, ("of", raw)])
