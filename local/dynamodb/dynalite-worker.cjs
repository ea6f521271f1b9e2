// The thread in which dynalite runs, so that tables do not slow the gateway. Plain JavaScript: it starts without a compiler.
const { parentPort, workerData } = require('node:worker_threads');
const { createRequire } = require('node:module');
const { dirname, join } = require('node:path');
const dynalite = require('dynalite');
const database = require(join(dirname(require.resolve('dynalite')), 'db'));

const { directory } = workerData;

// Whose changes are told: the tables that have streams.
const streamed = new Set();
parentPort.on('message', ({ streamedTables }) => {
  streamed.clear();
  for (const tableName of streamedTables) streamed.add(tableName);
});

// Every write of an item goes through its table's store, while the item is locked: what was there before is read first.
const { create } = database;
database.create = (options) => {
  const store = create(options);
  const { getItemDb } = store;
  const watched = new Map();
  store.getItemDb = (tableName) => {
    const items = getItemDb(tableName);
    if (!streamed.has(tableName)) return items;
    if (watched.get(tableName)?.items !== items)
      watched.set(tableName, { items, watching: watch(items, tableName) });
    return watched.get(tableName).watching;
  };
  return store;
};

function watch(items, tableName) {
  const tellAfter = (key, newImage, write, done) => {
    items.get(key, (error, oldImage) => {
      if (error && error.name !== 'NotFoundError') return done(error);
      write((failure) => {
        if (!failure && (oldImage || newImage))
          parentPort.postMessage({ change: { tableName, oldImage, newImage } });
        done(failure);
      });
    });
  };
  return {
    ...items,
    put: (key, item, done) => tellAfter(key, item, (next) => items.put(key, item, next), done),
    del: (key, done) => tellAfter(key, undefined, (next) => items.del(key, next), done),
  };
}

let server;

// dynalite throws what goes wrong on a connection or in its store, without saying for which request. A client that has gone
// is nothing; for anything else whoever waits for an answer sees the connection end, and tries again.
process.on('uncaughtException', (error) => {
  if (error.code === 'ECONNRESET') return;
  parentPort.postMessage({ failure: error.stack ?? String(error) });
  server?.closeAllConnections();
});

function listen() {
  server = dynalite({
    createTableMs: 0,
    deleteTableMs: 0,
    updateTableMs: 0,
    ...(directory === undefined ? {} : { path: directory }),
  });
  // Long enough that a pooled connection is never closed under a request.
  server.keepAliveTimeout = 60_000;
  server.listen(0, '127.0.0.1', () => parentPort.postMessage({ port: server.address().port }));
}

// dynalite would listen on a store that it cannot open, and fail at each request. LevelDB's lock is the system's own: it
// goes with the process that holds it, however that ends.
async function tryStore() {
  const { Level } = createRequire(require.resolve('dynalite'))('level');
  const store = new Level(directory);
  await store.open();
  await store.close();
}

if (directory === undefined) listen();
else {
  tryStore().then(listen, (error) => {
    const { code, message } = error.cause ?? error;
    parentPort.postMessage({ refusal: { isLocked: code === 'LEVEL_LOCKED', message } });
  });
}
