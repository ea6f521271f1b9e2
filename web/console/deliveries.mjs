/**
 * Delivery reports, the newest first: of what was published here, of deliveries that were split over invocations, and of what functions
 * log as JSON with the counts of a report.
 */
import { byId, make, reconcile, setText } from './dom.mjs';
import { count, plural, timeOfDay } from './format.mjs';

const SHOWN = 100;
const COUNTS = ['sent', 'pending', 'gone', 'failed'];

export class Deliveries {
  #reports = [];
  #split = [];
  #number = 0;

  add(source, report, at = Date.now()) {
    this.#number += 1;
    this.#reports.unshift({ ...report, key: this.#number, source, at });
    this.#reports.length = Math.min(this.#reports.length, SHOWN);
    this.#show();
  }

  /** What the table says of deliveries that were split. */
  showSplit(deliveries) {
    this.#split = deliveries.map((one) => ({ ...one, key: one.id, source: `delivery ${one.id}` }));
    this.#show();
  }

  /** Takes the lines that functions have logged. */
  read(happenings) {
    for (const { kind, function: name, text, at } of happenings) {
      if (kind !== 'output' || !text.startsWith('{')) continue;
      const report = reportIn(text);
      if (report) this.add(`log of ${name}`, report, at);
    }
  }

  #show() {
    const all = [...this.#reports, ...this.#split].sort((a, b) => b.at - a.at).slice(0, SHOWN);
    byId('deliveries-empty').hidden = all.length > 0;
    reconcile(byId('deliveries'), all, ({ key }) => key, create, update);
  }
}

function create({ source, at }) {
  return make(
    'li',
    { className: 'delivery' },
    make(
      'p',
      { className: 'row' },
      make('span', { className: 'name' }, source),
      make('time', {}, timeOfDay(at).slice(0, 8)),
    ),
    make(
      'div',
      { className: 'bars', aria: { hidden: 'true' } },
      ...COUNTS.map((name) => make('span', { className: name })),
    ),
    make('p', { className: 'counts' }),
    make('p', { className: 'problem' }),
  );
}

function update(element, report) {
  const [, bars, counts, problem] = element.children;
  COUNTS.forEach((name, index) => {
    bars.children[index].style.flexGrow = String(report[name]);
    bars.children[index].hidden = report[name] === 0;
  });
  const texts = COUNTS.filter((name) => report[name] > 0 || name === 'sent').map(
    (name) => `${count(report[name])} ${name}`,
  );
  const { workers, unfinished } = report;
  if (workers)
    texts.push(`${plural(workers, 'worker')}${unfinished > 0 ? `, ${count(unfinished)} not finished` : ''}`);
  setText(counts, texts.join(' · '));
  const reasons = Object.entries(report.reasons ?? {}).map(([reason, times]) => `${reason} ×${count(times)}`);
  setText(problem, reasons.join('; '));
}

/** A report anywhere in the first two levels of the JSON. */
function reportIn(text) {
  let value;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  return [value, ...Object.values(value)].find(isReport);
}

function isReport(value) {
  return value !== null && typeof value === 'object' && COUNTS.every((name) => Number.isFinite(value[name]));
}
