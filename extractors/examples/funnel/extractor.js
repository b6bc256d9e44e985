// Reads a step of a funnel: its value, or its share of the first step or of the one before.
//
// The steps are the rows, in the order in which Looker sends them; the measure is the one that the chart
// shows. Shares are exact decimals, rounded towards zero after PLACES digits.

import * as looker from './lensmount.js';

const PLACES = 12;
const CONTROLS = ['step', 'as'];
const WAYS = [
  ['value', 'The value of the step'],
  ['share-of-first', 'Its share of the first step'],
  ['share-of-previous', 'Its share of the step before'],
];

/** A tile, taken apart: its measure and its steps, each with a name and a cell. */
function open(tile) {
  const [result, query] = [looker.result(tile.body), looker.query(tile.query)];
  if (result.pivots.length > 0) throw looker.unsupported('The funnel is pivoted, so a step has several values. Take the pivot out of the tile.');
  const shown = [...result.measures, ...result.calculations].filter((field) => !query.hides(field));
  if (shown.length !== 1) {
    throw looker.unsupported(`The funnel shows ${shown.length} measures, and its steps are read as the rows of one. Hide the others, or add one.`);
  }
  if (query.vis.limit_displayed_rows === true) {
    throw looker.unsupported('The funnel leaves rows out ("Limit displayed rows"), so its steps are not all there. Limit the rows of the query instead.');
  }
  const dimensions = result.dimensions.filter((field) => !query.hides(field));
  if (dimensions.length === 0) throw looker.unsupported('The funnel shows no dimension, so its steps have no names. Add one to the tile.');
  const steps = looker.drawn(result, query).map((row) => ({
    name: dimensions.map((field) => written(looker.cell(row, field).value)).join(' - '),
    cell: looker.cell(row, shown[0]),
  }));
  return { result, measure: shown[0], label: looker.label(shown[0], query), steps };
}

/** A value as the chart writes it; null is drawn as an empty set. */
function written(value) {
  if (value === null) return '∅';
  return typeof value === 'string' ? value : looker.text(value);
}

/** The place of the step that was chosen. */
function place({ steps, result }, name) {
  if (name === undefined) throw looker.badSelection('step', 'The selection names no step. Choose one under `step`.');
  const found = steps.flatMap((step, at) => (step.name === name ? [at] : []));
  if (found.length > 1) throw looker.ambiguous('step', `${found.length} steps are called \`${name}\`. Add a dimension to the tile that tells them apart.`);
  if (found.length === 1) return found[0];
  if (result.truncated) throw looker.incomplete(`There is no step \`${name}\` among the rows, but the row limit cut them. Raise the tile's row limit.`);
  if (steps.length === 0) throw looker.noData("The funnel has no steps. Widen the tile's filters.");
  throw looker.badSelection('step', `The funnel has no step \`${name}\`; there are: ${steps.map((step) => step.name).join(', ')}. Choose another under \`step\`.`);
}

/** The number of a step. */
const number = ({ measure, steps }, at) => looker.number(steps[at].cell, measure, ` at \`${steps[at].name}\``);

function read(tile, selection) {
  const chosen = looker.chosen(selection, CONTROLS);
  const way = chosen.get('as') ?? 'value';
  if (!WAYS.some(([name]) => name === way)) {
    throw looker.badSelection('as', `A step is not read as \`${way}\`; there are: ${WAYS.map(([name]) => name).join(', ')}. Choose one under \`as\`.`);
  }
  const funnel = open(tile);
  const at = place(funnel, chosen.get('step'));
  const { name, cell } = funnel.steps[at];
  const why = { field: funnel.measure.name, raw: looker.text(cell.value), row: name, format: way };
  const value = number(funnel, at);
  if (way === 'value') {
    return looker.reading({ value, rendered: cell.rendered, label: `${name} - ${funnel.label}`, notes: funnel.result.notes, why });
  }

  const base = way === 'share-of-first' ? 0 : at - 1;
  if (base < 0) throw looker.noData(`\`${name}\` is the first step, so there is none before it. Choose another step, or its value.`);
  const divisor = number(funnel, base);
  const of = funnel.steps[base];
  if (divisor.isZero()) throw looker.noData(`The step \`${of.name}\` is zero, so nothing is a share of it. Widen the tile's filters, or choose the value.`);
  const { quotient, exact } = value.dividedBy(divisor, PLACES);
  const rounded = { code: 'rounded', message: `The share has no end: it is rounded towards zero after ${PLACES} digits.` };
  return looker.reading({
    value: quotient,
    label: `${name} of ${of.name} - ${funnel.label}`,
    notes: exact ? funnel.result.notes : [...funnel.result.notes, rounded],
    why: { ...why, of: looker.text(of.cell.value) },
  });
}

export const chart = looker.guarded({
  describe() {
    return looker.about('funnel', '1.0.0', 'Funnel', 'Reads a step of a funnel: its value, or its share of the first step or of the one before.');
  },

  chartTypes() {
    return ['looker_funnel'];
  },

  outline(tile) {
    const { steps, result } = open(tile);
    const names = [...new Set(steps.map((step) => step.name))];
    const step = looker.choice('step', 'Step', 'The step that is read.', names.map((name) => [name, name]));
    const as = looker.choice('as', 'Read as', `Shares are fractions of one, rounded towards zero after ${PLACES} digits.`, WAYS, 'value');
    return { controls: [{ ...step, required: true }, as], notes: result.notes };
  },

  read,

  series(tile, selection) {
    return [read(tile, selection)];
  },
});
