/** What each client of the realtime service notes, in any language. */
export const notesOfScenario = ({ sends = true } = {}) => [
  'the server subscribed it to inbox:ada',
  'inbox:ada for Ada',
  'heard hello 1 ada {"name":"Ada"}',
  'present ada,bob',
  'stats 2 2',
  'history ["hello"] 1',
  'rpc {"sum":3}',
  'unknown rpc 104',
  ...(sends ? ['message {"heard":{"a":1}}'] : []),
  'renewed its token',
  'renewed its token of secret:1',
  'recovered true 2',
  'heard ["2 missed 1","3 missed 2","4 missed 3","5 the last one"] ["inbox:ada missed, too"]',
  'Bob has been told',
];
