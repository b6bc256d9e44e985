"""What an extractor in Python stands on: JSON read to the digit, decimals, Looker's results, and
failures with a code. It belongs to your project: read it, and change what you need.

The rule behind it: never a wrong number. What cannot be read exactly is a failure that says why.

An extractor has no clock, no files and no output. `print`, `time` and imports inside of functions end the
call without a word: import at the top, and write lines with `log`.
"""

import json
import re

from componentize_py_types import Err
from wit_world.imports import log as _log
from wit_world.imports import types
from wit_world.imports.types import FailureCode


def log(message, level=_log.Level.INFO):
    """Writes a line to the operator's log."""
    _log.write(level, message)


# --- Failures -------------------------------------------------------------------------------------


class Failure(Exception):
    """Why there is no answer. Raise one; its message is for a person and says what to do."""

    def __init__(self, code, message, control=None, attributes=()):
        super().__init__(message)
        self.told = types.Failure(code, message, control, list(attributes))


def malformed(message):
    """Not JSON, not whole, or not the shape that Looker documents."""
    return Failure(FailureCode.MALFORMED, message)


def looker_error(message):
    """Looker answered with an error instead of data."""
    return Failure(FailureCode.LOOKER_ERROR, message)


def unsupported(message):
    """A sound result, but not a chart that this extractor reads."""
    return Failure(FailureCode.UNSUPPORTED, message)


def bad_selection(control, message):
    """The selection names a control, field or value that there is not."""
    return Failure(FailureCode.BAD_SELECTION, message, control)


def no_data(message):
    """No row fits, or the cell is null."""
    return Failure(FailureCode.NO_DATA, message)


def not_numeric(message):
    """The cell holds something that is not a number."""
    return Failure(FailureCode.NOT_NUMERIC, message)


def ambiguous(control, message):
    """Several answers fit; the control is the one that tells them apart."""
    return Failure(FailureCode.AMBIGUOUS, message, control)


def incomplete(message):
    """Looker cut the result short and what is wanted may be among what is missing."""
    return Failure(FailureCode.INCOMPLETE, message)


def internal(message):
    """The extractor itself is at fault; the message is for its author."""
    return Failure(FailureCode.INTERNAL, message)


def other(code, message):
    """Anything else, under a code of your own."""
    return Failure(FailureCode.OTHER, message, None, [("code", code)])


def guarded(extractor):
    """The functions of a contract, made safe: a Failure becomes the answer that it stands for, and
    anything else that is raised goes to the log with its stack and becomes a failure `internal`.
    Unguarded, it would end the call without a word."""
    for name, function in list(vars(extractor).items()):
        if callable(function) and not name.startswith("_"):
            setattr(extractor, name, _safe(name, function))
    return extractor


def _safe(name, function):
    def safe(*given):
        try:
            return function(*given)
        except Failure as failure:
            raise Err(failure.told) from None
        except Exception as error:
            log(f"{name}: {error!r}\n{_stack(error)}", _log.Level.ERROR)
            message = f"The extractor failed in `{name}`: {error!r}. Its log has the stack; tell its author."
            raise Err(internal(message).told) from None

    return safe


def _stack(error):
    # The traceback module would look for the sources, and there are no files.
    lines = []
    place = error.__traceback__
    while place is not None and len(lines) < 50:
        code = place.tb_frame.f_code
        lines.append(f"  at {code.co_qualname} ({code.co_filename}:{place.tb_lineno})")
        place = place.tb_next
    return "\n".join(reversed(lines))


# --- JSON -----------------------------------------------------------------------------------------


class Digits(str):
    """A number of a JSON text, as the text it came as: `10.50` stays `10.50`."""


def _no_number(name):
    raise ValueError(f"{name} is no JSON")


def parse(sent, what):
    """Reads JSON bytes; every number in them becomes Digits. `what` names them in the failure."""
    try:
        return json.loads(sent.decode("utf-8"), parse_int=Digits, parse_float=Digits, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise malformed(
            f"{what} cannot be read: {error}. It is not JSON, or cut short; ask Looker for it again."
        ) from None


def text(value):
    """A value as JSON text, its numbers as they came."""
    if isinstance(value, Digits):
        return str(value)
    if isinstance(value, list):
        return "[" + ",".join(map(text, value)) + "]"
    if isinstance(value, dict):
        return "{" + ",".join(f"{json.dumps(key)}:{text(of)}" for key, of in value.items()) + "}"
    return json.dumps(value)


def is_text(value):
    """Whether a value is a JSON string that is not empty."""
    return isinstance(value, str) and not isinstance(value, Digits) and value != ""


def _filled(value):
    return value if is_text(value) else None


def _says(value):
    return value not in (None, False, "", "0", "false", "No", [], {})


# --- Decimals -------------------------------------------------------------------------------------

MOST_DIGITS = 1000
_DECIMAL = re.compile(r"(-?)([0-9]+)(?:\.([0-9]+))?(?:[eE]([+-]?[0-9]{1,6}))?")


class Decimal:
    """An exact decimal number: a whole number of `units` of which `places` stand after the point."""

    def __init__(self, units, places):
        self.units, self.places = units, places

    @staticmethod
    def parse(written):
        """Reads `-12.50` or `1.5e3`, and nothing else: no white space, no separators, no currency."""
        found = _DECIMAL.fullmatch(written)
        if found is None:
            return None
        sign, whole, fraction, exponent = found.groups(default="")
        shift = int(exponent or 0)
        if len(whole) + len(fraction) + abs(shift) > MOST_DIGITS:
            return None
        units, places = int(sign + whole + fraction), len(fraction) - shift
        return Decimal(units, places) if places >= 0 else Decimal(units * 10**-places, 0)

    def is_zero(self):
        return self.units == 0

    def is_negative(self):
        return self.units < 0

    def divided_by(self, divisor, places):
        """This divided by another, to so many places, rounded towards zero, without zeros at the end;
        and whether that is exact."""
        numerator = self.units * 10 ** (places + divisor.places)
        denominator = divisor.units * 10**self.places
        whole, rest = divmod(abs(numerator), abs(denominator))
        negative = (numerator < 0) != (denominator < 0)
        return Decimal(-whole if negative else whole, places).trimmed(), rest == 0

    def trimmed(self):
        """Without zeros at its end: `0.50` is `0.5`."""
        units, places = self.units, self.places
        while places > 0 and units % 10 == 0:
            units, places = units // 10, places - 1
        return Decimal(units, places)

    def __str__(self):
        """Plain decimal text, every digit that came."""
        digits = str(abs(self.units)).rjust(self.places + 1, "0")
        point = len(digits) - self.places
        return ("-" if self.units < 0 else "") + digits[:point] + ("." if self.places else "") + digits[point:]


# --- What Looker sends ----------------------------------------------------------------------------

_NOTE = "Note: This query contains "
_NOTES = (
    "derived tables with Development Mode filters",
    "derived tables with conditional SQL for Development Mode",
)
_FORMAT = "so it is not of the shape of Looker's `json_detail`. Ask for that format."


class Head:
    """A result's head: its lists of fields, Looker's notes as (code, message), whether the row limit cut
    it, and whether its rows are in no order. A failure where Looker sent an error."""

    def __init__(self, sent):
        self.sent = parse(sent, "The result")
        if not isinstance(self.sent, dict):
            raise malformed(f"The result is no object, {_FORMAT}")
        self.notes = _judged(self.sent)
        self._lists = self.sent.get("fields")
        if not isinstance(self._lists, dict):
            raise malformed(f"The result has no `fields`, {_FORMAT}")
        self.pivots = self._list("pivots")
        heads = [pivot["name"] for pivot in self.pivots]
        self.dimensions = [field for field in self._list("dimensions") if field["name"] not in heads]
        self.measures = self._list("measures")
        self.calculations = self._list("table_calculations")
        self.truncated = _says(self.sent.get("truncated"))
        self.unordered = _says(self.sent.get("unordered"))

    def _list(self, name):
        fields = self._lists.get(name)
        fields = [] if fields is None else fields
        sound = isinstance(fields, list) and all(isinstance(field, dict) and is_text(field.get("name")) for field in fields)
        if not sound:
            raise malformed(f"The result's list of {name} is not what Looker documents. Ask Looker for it again.")
        return fields


class Result(Head):
    """A whole result: its head, and its rows."""

    def __init__(self, sent):
        super().__init__(sent)
        self.rows = rows(self.sent.get("data"))


def rows(data):
    """Rows as they came: a list of objects."""
    if not isinstance(data, list) or not all(isinstance(row, dict) for row in data):
        raise malformed("The rows are no list of objects, so they are not what Looker sends. Ask Looker for the result again.")
    return data


def _judged(sent):
    """Looker's notes among its errors; a failure for any real one. A failed query is answered with 200,
    `errors` and no rows."""
    notes = []
    for complaint in (sent.get("errors"), sent.get("error")):
        entries = complaint if isinstance(complaint, list) else [complaint] if _says(complaint) else []
        for entry in entries:
            words = entry if isinstance(entry, dict) else {"message": entry}
            named = (_filled(words.get(key)) for key in ("message", "error", "message_details"))
            message = next(filter(None, named), None) or text(entry)
            if not message.lstrip().startswith(_NOTE) or not any(note in message for note in _NOTES):
                raise looker_error(f"Looker could not run the query: {message.removesuffix('.')}. Open the tile in Looker and repair it there.")
            notes.append(("development-mode", message))
    status = sent.get("status")
    if status is not None and str(status).lower() != "complete":
        raise looker_error(f"Looker's query did not complete: its status is `{status}`. Run the query again.")
    return notes


class Query:
    """A tile's query: its `vis_config`, and what that hides."""

    def __init__(self, sent):
        query = parse(sent, "The tile's query") if sent else None
        query = {} if query is None else query
        vis = query.get("vis_config") if isinstance(query, dict) else query
        self.vis = {} if vis is None else vis
        self._hidden, self._hiding = self._list("hidden_fields"), self._list("hidden_points_if_no")

    def _list(self, name):
        found = self.vis.get(name) if isinstance(self.vis, dict) else self.vis
        found = [] if found is None else found
        if not isinstance(found, list):
            raise malformed(
                "The tile's query is not what Looker documents, so nothing tells what the chart hides. "
                "Send Looker's Query object as it is."
            )
        return found

    def hides(self, field):
        """Whether the chart does not draw a field."""
        return field["name"] in self._hidden

    def drawn(self, result):
        """The rows that a chart without pivots draws, in its order: one with "No" in a field that hides
        points is not drawn."""
        if result.unordered and len(result.rows) > 1:
            raise unsupported(
                "The rows were joined from several queries and stand in no order, so none of them is the first. "
                "Link a tile of one query."
            )
        return [row for row in result.rows if not any(_is_no(row.get(name)) for name in self._hiding)]

    def option(self, name):
        """A text among the options; none where it is not set."""
        return _filled(self.vis.get(name))

    def label(self, field):
        """What the chart calls a field."""
        long, short = _filled(field.get("label")), _filled(field.get("label_short"))
        if self.vis.get("show_view_names") is False:
            long, short = short, long
        labels = self.vis.get("series_labels")
        own = _filled(labels.get(field["name"])) if isinstance(labels, dict) else None
        return own or long or short or field["name"]


def _is_no(found):
    return isinstance(found, dict) and (found.get("value") == "No" or found.get("value") is False)


class Cell:
    """The cell of a row; one that is not there is null. A cell of pivots is refused."""

    def __init__(self, row, field):
        self.field = field["name"]
        found = row.get(self.field)
        found = {"value": None} if found is None else found
        if not isinstance(found, dict) or "value" not in found or isinstance(found["value"], dict):
            raise malformed(
                f"The cell of `{self.field}` has no single `value`, so it is not what Looker sends for a result "
                "without pivots. Ask Looker for it again."
            )
        self.value = found["value"]
        rendered = found.get("rendered")
        self.rendered = rendered if isinstance(rendered, str) and not isinstance(rendered, Digits) else None

    def number(self, where=""):
        """The number in it, exactly; `no-data` where it is null, `not-numeric` where it is no number.
        `where` says which cell."""
        if self.value is None:
            raise no_data(
                f"`{self.field}` is null{where}: Looker has no number there. Widen the tile's filters, or choose another place."
            )
        decimal = Decimal.parse(self.value) if isinstance(self.value, str) else None
        if decimal is None:
            raise not_numeric(
                f"`{self.field}` holds {text(self.value)[:120]}{where}, which is no plain number of up to "
                f"{MOST_DIGITS} digits. Choose a field that holds numbers."
            )
        return decimal


# --- Selections and answers -----------------------------------------------------------------------


def chosen(selection, offered):
    """What was chosen, by control; a control that is not among those offered is refused."""
    found = {}
    for control, value in selection:
        if control not in offered:
            raise bad_selection(control, f"There is no control `{control}` here; there are: {', '.join(offered)}. Take it out.")
        if control in found:
            raise bad_selection(control, f"The selection gives `{control}` twice. Give it once.")
        found[control] = value
    return found


def choice(name, label, help, choices, default):
    """A control that offers some choices, each (value, label)."""
    kind = types.ControlKind_Choice([types.Choice(value, label, None) for value, label in choices])
    return types.Control(name, label, help, False, default, kind, [])


def about(name, version, title, summary):
    """An introduction."""
    return types.About(name, version, title, summary, [])
