import { exploreCase, exploreEach, without } from './case-exploration';
import { channelCases } from './channel-cases';
import { WrongOrder } from './explorer';
import type { Scenario } from './scenario';

// Sweeps log every time, and here they run tens of thousands of times.
beforeEach(() => {
  jest.spyOn(console, 'log').mockImplementation(() => {});
});
afterEach(() => jest.restoreAllMocks());

describe('in every order, both sides of a channel agree when', () => {
  exploreEach(channelCases);
});

describe('some order fails without a condition:', () => {
  it.each([
    ['leaving', without('update state', 'CHANNEL'), 'two unsubscribe', /A ghost of a membership/],
    [
      'forgetting a membership',
      without('delete', 'CHANNEL'),
      'one subscribes while another unsubscribes',
      /not in the channel, but among its members/,
    ],
  ])('of %s', async (_what, mutation, name, wrong) => {
    const exploration = exploreCase(channelCases[name] as Scenario, mutation);
    await expect(exploration).rejects.toThrow(WrongOrder);
    await expect(exploration).rejects.toThrow(wrong);
  });

  it.each([
    [
      'the members of a channel are',
      'CHANNEL#chat#news',
      'one publishes while another subscribes',
      /a was subscribed and stayed, but missed the news/,
    ],
    [
      'the channels of one that leaves are',
      'CONNECTION#a',
      'one subscribes while the client leaves',
      /not in the channel, but among its members/,
    ],
  ])('or when %s is not read consistently', async (_what, stalePartition, name, wrong) => {
    const exploration = exploreCase({ ...(channelCases[name] as Scenario), budget: {}, stalePartition });
    await expect(exploration).rejects.toThrow(WrongOrder);
    await expect(exploration).rejects.toThrow(wrong);
  });
});
