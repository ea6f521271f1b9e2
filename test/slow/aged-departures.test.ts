import { itSettlesLostDepartures } from '../runtime/lost-departures';

describe('the chat settles departures that nobody was told of', () => {
  itSettlesLostDepartures((rows) => rows.age(31_000));
});
