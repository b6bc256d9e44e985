// What an extractor in JavaScript stands on: JSON read to the digit, decimals, Looker's results, and
// failures with a code. It belongs to your project: read it, and change what you need.
//
// The rule behind it: never a wrong number. What cannot be read exactly is a failure that says why.

import { write as log } from 'lensmount:extractor/log@1.0.0';

export { log };

// --- Failures -----------------------------------------------------------------------------------

/** Why there is no answer. Throw one; its message is for a person and says what to do. */
export class Failure extends Error {
  constructor(code, message, { control, attributes = [] } = {}) {
    super(message);
    Object.assign(this, { code, control, attributes });
  }
}

/** Not JSON, not whole, or not the shape that Looker documents. */
export const malformed = (message) => new Failure('malformed', message);
/** Looker answered with an error instead of data. */
export const lookerError = (message) => new Failure('looker-error', message);
/** A sound result, but not a chart that this extractor reads. */
export const unsupported = (message) => new Failure('unsupported', message);
/** The selection names a control, field or value that there is not. */
export const badSelection = (control, message) => new Failure('bad-selection', message, { control });
/** No row fits, or the cell is null. */
export const noData = (message) => new Failure('no-data', message);
/** The cell holds something that is not a number. */
export const notNumeric = (message) => new Failure('not-numeric', message);
/** Several answers fit; the control is the one that tells them apart. */
export const ambiguous = (control, message) => new Failure('ambiguous', message, { control });
/** Looker cut the result short and what is wanted may be among what is missing. */
export const incomplete = (message) => new Failure('incomplete', message);
/** The extractor itself is at fault; the message is for its author. */
export const internal = (message) => new Failure('internal', message);
/** Anything else, under a code of your own. */
export const other = (code, message) => new Failure('other', message, { attributes: [['code', code]] });

/**
 * The functions of a contract, made safe: a Failure becomes the answer that it stands for, and anything
 * else that is thrown goes to the log with its stack and becomes a failure `internal`. Unguarded, it
 * would end the call without a word.
 */
export function guarded(functions) {
  const safe = ([name, run]) => [name, (...given) => {
    try {
      return run(...given);
    } catch (thrown) {
      throw failure(name, thrown);
    }
  }];
  return Object.fromEntries(Object.entries(functions).map(safe));
}

function failure(name, thrown) {
  if (thrown instanceof Failure) {
    const { code, message, control, attributes } = thrown;
    return { code, message, control, attributes };
  }
  log('error', `${name}: ${thrown}\n${thrown?.stack ?? ''}`);
  const message = `The extractor failed in \`${name}\`: ${thrown}. Its log has the stack; tell its author.`;
  return { code: 'internal', message, control: undefined, attributes: [] };
}

// --- JSON ---------------------------------------------------------------------------------------

/** A number of a JSON text, as the text it came as: `10.50` stays `10.50`. */
export class Digits {
  constructor(text) {
    this.text = text;
  }
  toString() {
    return this.text;
  }
}

/** Reads JSON bytes; every number in them becomes Digits. `what` names them in the failure. */
export function parse(bytes, what) {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return JSON.parse(text, (_, value, { source }) => (typeof value === 'number' ? new Digits(source) : value));
  } catch (error) {
    throw malformed(`${what} cannot be read: ${error.message}. It is not JSON, or cut short; ask Looker for it again.`);
  }
}

/** A value as JSON text, its numbers as they came. */
export function text(value) {
  if (value instanceof Digits) return value.text;
  if (Array.isArray(value)) return `[${value.map(text).join(',')}]`;
  if (isObject(value)) return `{${Object.entries(value).map(([key, of]) => `${JSON.stringify(key)}:${text(of)}`).join(',')}}`;
  return JSON.stringify(value ?? null);
}

/** The same as bytes, as events carry it. */
export const bytes = (value) => new TextEncoder().encode(text(value));

export const isObject = (value) => typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Digits);

const filled = (value) => (typeof value === 'string' && value !== '' ? value : undefined);
const says = (value) => ![undefined, null, false, '', 'false', 'No'].includes(value) && text(value) !== '0'
  && text(value) !== '[]' && text(value) !== '{}';

// --- Decimals -----------------------------------------------------------------------------------

const MOST_DIGITS = 1000;

/** An exact decimal number: a whole number of `units` of which `places` stand after the point. */
export class Decimal {
  constructor(units, places) {
    Object.assign(this, { units, places });
  }

  /** Reads `-12.50` or `1.5e3`, and nothing else: no white space, no separators, no currency. */
  static parse(written) {
    const [, sign, whole, fraction = '', exponent = '0'] = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(written) ?? [];
    const shift = Number(exponent);
    if (whole === undefined || whole.length + fraction.length + Math.abs(shift) > MOST_DIGITS) return undefined;
    const units = BigInt(sign + whole + fraction);
    const places = fraction.length - shift;
    return places >= 0 ? new Decimal(units, places) : new Decimal(units * 10n ** BigInt(-places), 0);
  }

  isZero() {
    return this.units === 0n;
  }

  isNegative() {
    return this.units < 0n;
  }

  /** This divided by another, to so many places, rounded towards zero, without zeros at the end; and whether that is exact. */
  dividedBy(divisor, places) {
    const numerator = this.units * 10n ** BigInt(places + divisor.places);
    const denominator = divisor.units * 10n ** BigInt(this.places);
    return { quotient: new Decimal(numerator / denominator, places).trimmed(), exact: numerator % denominator === 0n };
  }

  /** Without zeros at its end: `0.50` is `0.5`. */
  trimmed() {
    let { units, places } = this;
    for (; places > 0 && units % 10n === 0n; places -= 1) units /= 10n;
    return new Decimal(units, places);
  }

  /** Plain decimal text, every digit that came. */
  toString() {
    const digits = String(this.isNegative() ? -this.units : this.units).padStart(this.places + 1, '0');
    const point = digits.length - this.places;
    return `${this.isNegative() ? '-' : ''}${digits.slice(0, point)}${this.places > 0 ? '.' : ''}${digits.slice(point)}`;
  }
}

// --- What Looker sends --------------------------------------------------------------------------

const NOTE = 'Note: This query contains ';
const NOTES = ['derived tables with Development Mode filters', 'derived tables with conditional SQL for Development Mode'];

/** A result's head: its lists of fields, Looker's notes, whether the row limit cut it, and whether its rows are in no order; a failure where Looker sent an error. */
export function head(bytes) {
  const sent = parse(bytes, 'The result');
  if (!isObject(sent)) throw malformed("The result is no object, so it is not of the shape of Looker's `json_detail`. Ask for that format.");
  const notes = judged(sent);
  if (!isObject(sent.fields)) throw malformed("The result has no `fields`, so it is not of the shape of Looker's `json_detail`. Ask for that format.");
  const list = (name) => {
    const fields = sent.fields[name] ?? [];
    if (!Array.isArray(fields) || !fields.every((field) => filled(field?.name))) {
      throw malformed(`The result's list of ${name} is not what Looker documents. Ask Looker for it again.`);
    }
    return fields;
  };
  const pivots = list('pivots');
  const dimensions = list('dimensions').filter(({ name }) => pivots.every((pivot) => pivot.name !== name));
  return { sent, notes, pivots, dimensions, measures: list('measures'), calculations: list('table_calculations'), truncated: says(sent.truncated), unordered: says(sent.unordered) };
}

/** A whole result: the same, with its rows. */
export function result(bytes) {
  const read = head(bytes);
  return { ...read, rows: rows(read.sent.data) };
}

/** Rows as they came: a list of objects. */
export function rows(data) {
  if (!Array.isArray(data) || !data.every(isObject)) throw malformed('The rows are no list of objects, so they are not what Looker sends. Ask Looker for the result again.');
  return data;
}

/** Looker's notes among its errors; a failure for any real one. A failed query is answered with 200, `errors` and no rows. */
function judged({ errors, error, status }) {
  const notes = [];
  for (const entry of [says(errors) ? errors : [], says(error) ? error : []].flat()) {
    const message = filled(entry) ?? filled(entry?.message) ?? filled(entry?.error) ?? filled(entry?.message_details) ?? text(entry);
    if (!message.trimStart().startsWith(NOTE) || !NOTES.some((note) => message.includes(note))) {
      throw lookerError(`Looker could not run the query: ${message.replace(/\.$/, '')}. Open the tile in Looker and repair it there.`);
    }
    notes.push({ code: 'development-mode', message });
  }
  if (status != null && String(status).toLowerCase() !== 'complete') {
    throw lookerError(`Looker's query did not complete: its status is \`${status}\`. Run the query again.`);
  }
  return notes;
}

/** A tile's query: its `vis_config`, and what that hides. */
export function query(bytes) {
  const sent = bytes.length === 0 ? {} : parse(bytes, "The tile's query") ?? {};
  const vis = sent.vis_config ?? {};
  const [hidden, hiding] = [vis.hidden_fields ?? [], vis.hidden_points_if_no ?? []];
  if (!isObject(sent) || !isObject(vis) || !Array.isArray(hidden) || !Array.isArray(hiding)) {
    throw malformed("The tile's query is not what Looker documents, so nothing tells what the chart hides. Send Looker's Query object as it is.");
  }
  return { vis, hiding, hides: ({ name }) => hidden.includes(name), option: (name) => filled(vis[name]) };
}

/** What the chart calls a field. */
export function label(field, { vis }) {
  const [long, short] = [filled(field.label), filled(field.label_short)];
  const own = isObject(vis.series_labels) ? filled(vis.series_labels[field.name]) : undefined;
  return own ?? (vis.show_view_names === false ? short ?? long : long ?? short) ?? field.name;
}

/** The rows that a chart without pivots draws, in its order: one with "No" in a field that hides points is not drawn. */
export function drawn(result, { hiding }) {
  if (result.unordered && result.rows.length > 1) {
    throw unsupported('The rows were joined from several queries and stand in no order, so none of them is the first. Link a tile of one query.');
  }
  const isNo = (found) => found?.value === 'No' || found?.value === false;
  return result.rows.filter((row) => !hiding.some((name) => Object.hasOwn(row, name) && isNo(row[name])));
}

/** The cell of a row, `{value, rendered}`; one that is not there is null. A cell of pivots is refused. */
export function cell(row, { name }) {
  const found = Object.hasOwn(row, name) ? row[name] : null;
  if (found === null) return { value: null, rendered: undefined };
  if (!isObject(found) || !Object.hasOwn(found, 'value') || isObject(found.value)) {
    throw malformed(`The cell of \`${name}\` has no single \`value\`, so it is not what Looker sends for a result without pivots. Ask Looker for it again.`);
  }
  return { value: found.value, rendered: typeof found.rendered === 'string' ? found.rendered : undefined };
}

/** The number in a cell, exactly; `no-data` where it is null, `not-numeric` where it is no number. `where` says which cell. */
export function number({ value }, { name }, where = '') {
  if (value === null) throw noData(`\`${name}\` is null${where}: Looker has no number there. Widen the tile's filters, or choose another place.`);
  const decimal = value instanceof Digits || typeof value === 'string' ? Decimal.parse(String(value)) : undefined;
  if (decimal === undefined) {
    throw notNumeric(`\`${name}\` holds ${text(value).slice(0, 120)}${where}, which is no plain number of up to ${MOST_DIGITS} digits. Choose a field that holds numbers.`);
  }
  return decimal;
}

// --- Selections and answers ---------------------------------------------------------------------

/** What was chosen, by control; a control that is not among those offered is refused. */
export function chosen(selection, offered) {
  const found = new Map();
  for (const [control, value] of selection) {
    if (!offered.includes(control)) throw badSelection(control, `There is no control \`${control}\` here; there are: ${offered.join(', ')}. Take it out.`);
    if (found.has(control)) throw badSelection(control, `The selection gives \`${control}\` twice. Give it once.`);
    found.set(control, value);
  }
  return found;
}

/** A control that offers some choices, each `[value, label]`. */
export function choice(name, label, help, choices, standard) {
  const val = choices.map(([value, label]) => ({ value, label, group: undefined }));
  return { name, label, help, required: false, default: standard, kind: { tag: 'choice', val }, attributes: [] };
}

/** An introduction. */
export const about = (name, version, title, summary) => ({ name, version, title, summary, attributes: [] });

/** A reading; `why` says why it is this number: `field`, `raw`, … */
export const reading = ({ value, label, rendered, at, notes = [], why = {} }) => ({ value: String(value), label, rendered, at, notes, attributes: Object.entries(why) });
