import { itSettlesLostDepartures } from './lost-departures';

jest.setTimeout(30_000);

describe('the chat settles departures that nobody was told of', () => {
  itSettlesLostDepartures((rows) => rows.age(31_000));
});
