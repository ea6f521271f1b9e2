// The baseline: a plain `ws` server with an HTTP endpoint for posts, and a handler that posts through the AWS SDK,
// all in one process. For the message `broadcast raw`, the handler posts unsigned requests with `node:http` instead.
// There are no routes, events, function threads or tables, so the results show the cost of the SDK and `ws` alone.
'use strict';

const { randomUUID } = require('node:crypto');
const { Agent, createServer, request } = require('node:http');
const {
  ApiGatewayManagementApiClient,
  PostToConnectionCommand,
} = require('@aws-sdk/client-apigatewaymanagementapi');
const { WebSocketServer } = require('ws');

const POSTS_AT_A_TIME = 50;
const sockets = new Map();
const agent = new Agent({ keepAlive: true, maxSockets: POSTS_AT_A_TIME });
let client;

const server = createServer((request, response) => {
  const chunks = [];
  request.on('data', (chunk) => chunks.push(chunk));
  request.on('end', () => {
    const socket = sockets.get(decodeURIComponent(request.url.split('/').at(-1)));
    if (!socket) return response.writeHead(410).end();
    socket.send(Buffer.concat(chunks).toString(), () => response.writeHead(200).end());
  });
});

new WebSocketServer({ server }).on('connection', (socket) => {
  const connectionId = randomUUID();
  sockets.set(connectionId, socket);
  socket.on('message', (data) => void handler(connectionId, socket, data.toString()));
  socket.on('close', () => {
    sockets.delete(connectionId);
    console.log(`gone ${connectionId}`);
  });
});

async function handler(connectionId, socket, body) {
  if (body.includes('two-way')) return socket.send(body);
  if (body.startsWith('broadcast')) return broadcast(body);
  await post(connectionId, body);
}

function post(connectionId, body) {
  return client.send(new PostToConnectionCommand({ ConnectionId: connectionId, Data: body }));
}

function postRaw(connectionId, body) {
  return new Promise((resolve, reject) => {
    const { port } = server.address();
    const path = `/bare/@connections/${encodeURIComponent(connectionId)}`;
    const posting = request({ agent, host: '127.0.0.1', port, method: 'POST', path }, (response) =>
      response.resume().on('end', resolve),
    );
    posting.on('error', reject).end(body);
  });
}

async function broadcast(body) {
  const ids = sockets.keys();
  const send = body === 'broadcast raw' ? postRaw : post;
  const poster = async () => {
    for (const id of ids) await send(id, body);
  };
  await Promise.all(Array.from({ length: POSTS_AT_A_TIME }, poster));
}

server.listen(0, '127.0.0.1', () => {
  const { port } = server.address();
  client = new ApiGatewayManagementApiClient({
    endpoint: `http://127.0.0.1:${port}/bare`,
    region: 'us-east-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
  console.log(`bare  ws://127.0.0.1:${port}/bare`);
  console.log('Ready');
});
