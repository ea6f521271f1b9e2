import { setTimeout as wait } from 'node:timers/promises';
import { itSettlesLostDepartures } from '../runtime/lost-departures';

jest.setTimeout(90_000);

describe('in real time, the chat cleans up departures that it was not told about', () => {
  // Functions use their own clocks, so here only real time passes.
  itSettlesLostDepartures(() => wait(31_000));
});
