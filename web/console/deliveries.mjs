/**
 * The Deliveries panel: delivery reports, the newest first. They come from posts of one text to several connections,
 * from publishing in the console, from deliveries that were split over invocations, and from functions that log the
 * counts of a report as JSON.
 */
import { byId, make, reconcile, setText } from './dom.mjs';
import { count, duration, plural, timeOfDay } from './format.mjs';

const SHOWN = 100;
const COUNTS = ['sent', 'pending', 'gone', 'failed'];

export class Deliveries {
  /** Reports of the library, by their ids. */
  #reports = new Map();
  #posts = [];
  #number = 0;

  add(source, report, at = Date.now()) {
    this.#number += 1;
    this.#note({ ...report, key: report.id ?? this.#number, source, at });
    this.#show();
  }

  /** Shows the state of split deliveries from the table. */
  showSplit(deliveries) {
    for (const one of deliveries) {
      const known = this.#reports.get(one.id);
      this.#note({ ...one, key: one.id, source: known?.source ?? 'a split delivery' });
    }
    this.#show();
  }

  /** Shows posts of one text to several connections, as counted by the gateway. */
  showPosts(groups) {
    this.#posts = groups.map(({ stage, text, at, ...counts }) => ({
      ...{ key: `${at} ${stage} ${text}`, source: `/${stage}`, text, at, pending: 0, ...counts },
    }));
    this.#show();
  }

  /** Finds reports in the lines that functions have logged. */
  read(events) {
    for (const { kind, function: name, text, at } of events) {
      if (kind !== 'output' || !text.startsWith('{')) continue;
      const found = reportIn(text);
      if (found) this.add(found.source ?? `log of ${name}`, found.report, at);
    }
  }

  #note(report) {
    this.#reports.delete(report.key);
    this.#reports.set(report.key, report);
    const [oldest] = this.#reports.keys();
    if (this.#reports.size > SHOWN) this.#reports.delete(oldest);
  }

  #show() {
    const all = [...this.#reports.values(), ...this.#posts].sort((a, b) => b.at - a.at).slice(0, SHOWN);
    byId('deliveries-empty').hidden = all.length > 0;
    reconcile(byId('deliveries'), all, ({ key }) => key, create, update);
  }
}

function create({ source, text = '', at }) {
  return make(
    'li',
    { className: 'delivery' },
    make(
      'p',
      { className: 'row' },
      make('span', { className: 'name' }, make('b', {}, source), text && ` ${text}`),
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
  for (const [index, name] of COUNTS.entries()) {
    bars.children[index].style.flexGrow = String(report[name]);
    bars.children[index].hidden = report[name] === 0;
  }
  const texts = COUNTS.filter((name) => report[name] > 0 || name === 'sent').map(
    (name) => `${count(report[name])} ${name}`,
  );
  const { workers, unfinished, throttled, seconds, at, lastAt } = report;
  if (throttled > 0) texts.push(`${count(throttled)} throttled`);
  if (workers > 0) {
    texts.push(`${plural(workers, 'worker')}${unfinished > 0 ? `, ${count(unfinished)} not finished` : ''}`);
  }
  const millis = seconds === undefined ? lastAt - at : seconds * 1_000;
  if (Number.isFinite(millis)) texts.push(`in ${duration(millis)}`);
  setText(counts, texts.join(' · '));
  const reasons = Object.entries(report.reasons ?? {}).map(([reason, times]) => `${reason} ×${count(times)}`);
  setText(problem, reasons.join('; '));
}

/** Returns a report in a line of JSON, or in one of its values, with the service and channel that the line names. */
function reportIn(text) {
  let line;
  try {
    line = JSON.parse(text);
  } catch {
    return undefined;
  }
  const report = [line, ...Object.values(line)].find(isReport);
  if (!report) return undefined;
  const { service, channel } = line;
  const source = service === undefined ? undefined : `${channel ?? 'everyone'} of ${service}`;
  return { report, source };
}

function isReport(value) {
  return value !== null && typeof value === 'object' && COUNTS.every((name) => Number.isFinite(value[name]));
}
