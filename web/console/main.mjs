/** The console: connects the runtime's event stream and state to the parts of the page. */
import { Channels } from './channels.mjs';
import { Chart, Series } from './charts.mjs';
import { Connections } from './connections.mjs';
import { Deliveries } from './deliveries.mjs';
import { byId, setText } from './dom.mjs';
import { Faults } from './faults.mjs';
import { Feed } from './feed.mjs';
import { count } from './format.mjs';
import { showApis, showFunctions } from './functions.mjs';
import { ask, EventStream, poll } from './runtime.mjs';
import { Tabs } from './tabs.mjs';

const STATE_MILLISECONDS = 1_500;
const SERVICES_MILLISECONDS = 2_500;

const CHARTS = [
  { title: 'Connections', unit: 'open', lines: ['connections'], tone: 'accent', isGauge: true },
  { title: 'Messages', unit: '/s', lines: ['messages'], tone: 'accent' },
  { title: 'Deliveries', unit: '/s', lines: ['delivered'], tone: 'good' },
  { title: 'Gone (410)', unit: '/s', lines: ['gone'], tone: 'quiet' },
  { title: 'Throttled (429)', unit: '/s', lines: ['throttled'], tone: 'wait' },
  { title: 'Functions', unit: '/s', lines: ['invocations', 'errors'], tone: 'run' },
];

const tabs = new Tabs();
const feed = new Feed();
const series = new Series();
const connections = new Connections();
const channels = new Channels();
const deliveries = new Deliveries();
const faults = new Faults(tabs);
const charts = CHARTS.map((options) => new Chart(options));
byId('now').append(...charts.map(({ element }) => element));

let run;
let hasServices = false;

const stream = new EventStream();
stream.addEventListener('state', ({ detail }) => {
  byId('status').dataset.state = detail;
  setText(byId('status-text'), detail === 'live' ? 'Live' : 'The runtime does not answer. Trying again…');
});
stream.addEventListener('hello', ({ detail }) => {
  if (run !== detail.run) feed.begin();
  run = detail.run;
  series.begin(detail);
  drawCharts();
});
stream.addEventListener('second', ({ detail }) => {
  series.add(detail);
  drawCharts();
  feed.showPace(detail);
  if (detail.counts.faults > 0) void faults.refresh();
});
stream.addEventListener('batch', ({ detail }) => {
  feed.add(detail);
  deliveries.read(detail.events);
});

function drawCharts() {
  for (const chart of charts) chart.show(series.all, series.until);
}

const askState = poll(STATE_MILLISECONDS, async () => {
  let state;
  try {
    state = await ask('GET', `state?${connections.query}`);
  } catch {
    // The status line already says that the runtime does not answer.
    return;
  }
  connections.show(state.connections, state.now);
  tabs.setCount('connections', count(state.connections.total));
  showFunctions(state.functions, showActivityOf);
  deliveries.showPosts(state.deliveries);
  showApis(state.apis);
  setText(byId('app'), `${state.region} · ${state.accountId}`);
  if (hasServices !== state.hasServices) {
    hasServices = state.hasServices;
    void askServices();
  }
});

const askServices = poll(SERVICES_MILLISECONDS, async () => {
  const isLookedAt = ['connections', 'channels', 'deliveries'].some((name) => tabs.isShown(name));
  if (hasServices && isLookedAt) await channels.refresh(tabs.isShown('channels'));
});

channels.addEventListener('services', ({ detail: { services, deliveries: split, users } }) => {
  byId('tab-channels').hidden = services.length === 0;
  deliveries.showSplit(split);
  connections.users = users;
});
channels.addEventListener('report', ({ detail: { target, report } }) => deliveries.add(target, report));
channels.addEventListener('asked', askServices);
connections.addEventListener('asked', askState);
connections.addEventListener('activity', ({ detail }) => showActivityOf(detail));
function showActivityOf(text) {
  feed.find(text);
  byId('activity').scrollIntoView({ block: 'nearest' });
  byId('find-activity').focus({ preventScroll: true });
}
for (const source of [feed, channels]) {
  source.addEventListener('connection', ({ detail }) => {
    tabs.show('connections');
    connections.open(detail);
  });
}
tabs.addEventListener('shown', ({ detail }) => {
  if (detail === 'channels' || detail === 'deliveries') void askServices();
  if (detail === 'faults') void faults.refresh();
});
void faults.refresh();
