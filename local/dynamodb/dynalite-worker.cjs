// The thread in which dynalite runs, so that tables do not slow the gateway. Plain JavaScript: it starts without a compiler.
const { parentPort, workerData } = require('node:worker_threads');
const dynalite = require('dynalite');

const server = dynalite({
  createTableMs: 0,
  deleteTableMs: 0,
  updateTableMs: 0,
  ...(workerData.directory === undefined ? {} : { path: workerData.directory }),
});

// dynalite throws what goes wrong on a connection or in its store, without saying for which request. A client that has gone
// is nothing; for anything else whoever waits for an answer sees the connection end, and tries again.
process.on('uncaughtException', (error) => {
  if (error.code === 'ECONNRESET') return;
  parentPort.postMessage({ failure: error.stack ?? String(error) });
  server.closeAllConnections();
});

// Long enough that a pooled connection is never closed under a request.
server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => parentPort.postMessage({ port: server.address().port }));
