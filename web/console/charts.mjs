/** Charts of the last five minutes: one small chart for each metric. */
import { make, makeSvg, setText } from './dom.mjs';
import { count } from './format.mjs';

const SECONDS = 299;
/** The seconds for each point, which smooths the chart. */
const GROUP = 2;
const WIDTH = 300;
const HEIGHT = 56;

/** `lines` are names of series. The latest value of the first one is shown as a number. */
export class Chart {
  #lines;
  #isGauge;
  #series = {};
  #until = 0;
  #hovered;
  #value;
  #unit;
  #note;
  #svg;
  #paths;
  #cursor;
  element;

  constructor({ title, unit, lines, tone, isGauge = false }) {
    this.#lines = lines;
    this.#isGauge = isGauge;
    this.#value = make('strong');
    this.#unit = make('span', { className: 'unit' }, unit);
    this.#note = make('p', { className: 'note' });
    this.#svg = makeSvg('svg', {
      viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
      preserveAspectRatio: 'none',
      role: 'img',
    });
    this.#paths = lines.map((_, index) => {
      const area = makeSvg('path', { class: `area line-${index}` });
      const line = makeSvg('path', { class: `line line-${index}`, 'vector-effect': 'non-scaling-stroke' });
      this.#svg.append(area, line);
      return { area, line };
    });
    this.#cursor = makeSvg('line', { class: 'cursor', y1: 0, y2: HEIGHT, x1: -9, x2: -9 });
    this.#svg.append(this.#cursor);
    this.element = make(
      'article',
      { className: 'chart', data: { tone } },
      make('h2', {}, title),
      make('p', { className: 'value' }, this.#value, this.#unit),
      this.#svg,
      this.#note,
    );
    this.#svg.addEventListener('pointermove', ({ offsetX }) => {
      this.#hovered = Math.min(1, Math.max(0, offsetX / this.#svg.clientWidth));
      this.#showNote();
    });
    this.#svg.addEventListener('pointerleave', () => {
      this.#hovered = undefined;
      this.#showNote();
    });
  }

  /** `series` are the values of the last seconds, by name. `until` is the last second, since the epoch. */
  show(series, until) {
    this.#series = series;
    this.#until = until;
    const all = this.#lines.map((name) => series[name].slice(-SECONDS));
    const most = Math.max(1, ...all.flat());
    all.forEach((values, index) => {
      const points = pointsOf(values, most, this.#isGauge);
      this.#paths[index].line.setAttribute('d', lineThrough(points, index > 0));
      this.#paths[index].area.setAttribute('d', areaBelow(points));
    });
    const [first = []] = all;
    const now = first.at(-1) ?? 0;
    setText(this.#value, count(now));
    this.element.classList.toggle(
      'is-still',
      all.every((values) => values.every((value) => value === 0)),
    );
    this.#svg.setAttribute(
      'aria-label',
      `${count(now)} ${this.#isGauge ? 'open' : 'a second'} now, at its peak ${count(Math.max(0, ...first))} in five minutes`,
    );
    this.#showNote();
  }

  #showNote() {
    const values = (this.#series[this.#lines[0]] ?? []).slice(-SECONDS);
    this.#cursor.setAttribute('x1', this.#hovered === undefined ? -9 : this.#hovered * WIDTH);
    this.#cursor.setAttribute('x2', this.#hovered === undefined ? -9 : this.#hovered * WIDTH);
    if (this.#hovered !== undefined) {
      const at = Math.round(this.#hovered * (values.length - 1));
      const time = new Date((this.#until - values.length + 1 + at) * 1_000).toTimeString().slice(0, 8);
      const others = this.#lines
        .slice(1)
        .map((name) => `, ${count(this.#series[name].at(at - values.length))} ${name}`);
      return setText(this.#note, `${time}: ${count(values[at] ?? 0)}${others.join('')}`);
    }
    const most = Math.max(0, ...values);
    if (this.#isGauge) return setText(this.#note, `peak ${count(most)}`);
    const total = values.reduce((sum, value) => sum + value, 0);
    if (total === 0) return setText(this.#note, 'none in 5 min');
    const peak = this.#lines.length > 1 ? '' : `, peak ${count(most)}`;
    const others = this.#lines.slice(1).map((name) => {
      const sum = this.#series[name].reduce((all, value) => all + value, 0);
      return sum === 0 ? '' : `, ${count(sum)} ${name}`;
    });
    setText(this.#note, `${count(total)} in 5 min${peak}${others.join('')}`);
  }
}

function pointsOf(values, most, isGauge) {
  const points = [];
  for (let at = values.length; at > 0; at -= GROUP) {
    const some = values.slice(Math.max(0, at - GROUP), at);
    // A peak of one second stays visible.
    const value = isGauge ? some.at(-1) : Math.max(...some);
    const x = ((at - 1) / Math.max(1, values.length - 1)) * WIDTH;
    const y = HEIGHT - 1 - (value / most) * (HEIGHT - 6);
    points.unshift({ x: x.toFixed(1), y: y.toFixed(1), isNothing: value === 0 });
  }
  return points;
}

/** Omits the zeros of a second line, so that it does not cover the base line. */
function lineThrough(points, isSecond) {
  let path = '';
  points.forEach(({ x, y, isNothing }, index) => {
    const isLeftOut = isSecond && isNothing && (points[index - 1]?.isNothing ?? true);
    path += `${isLeftOut || index === 0 ? 'M' : 'L'}${x},${y}`;
  });
  return path;
}

function areaBelow(points) {
  const line = points.map(({ x, y }) => `L${x},${y}`).join('');
  return `M${points[0]?.x ?? 0},${HEIGHT}${line}L${points.at(-1)?.x ?? 0},${HEIGHT}Z`;
}

/** The series of a run: the values of each count in the last seconds, and how many connections were open. */
export class Series {
  until = 0;
  counts = {};
  connections = [];

  begin({ until, series, current, gauges }) {
    this.until = until;
    this.counts = series;
    // Calculate backwards from the current number of open connections.
    let open = gauges.connections - current.opened + current.closed;
    this.connections = [];
    for (let at = series.opened.length - 1; at >= 0; at -= 1) {
      this.connections.unshift(Math.max(0, open));
      open += series.closed[at] - series.opened[at];
    }
  }

  add({ second, counts, gauges }) {
    // Fill in seconds that this page has missed, such as while its tab was inactive.
    for (let missed = this.until + 1; missed < second && second - missed < SECONDS; missed += 1) {
      this.#push(() => 0, gauges.connections);
    }
    this.#push((name) => counts[name] ?? 0, gauges.connections);
    this.until = second;
  }

  #push(countOf, connections) {
    for (const [name, values] of Object.entries(this.counts)) {
      values.push(countOf(name));
      if (values.length > SECONDS) values.shift();
    }
    this.connections.push(connections);
    if (this.connections.length > SECONDS) this.connections.shift();
  }

  get all() {
    return { ...this.counts, connections: this.connections };
  }
}
