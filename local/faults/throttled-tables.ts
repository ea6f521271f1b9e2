/**
 * The fault `table-throttled`: DynamoDB refuses operations on items, in the words of provisioned or of on-demand
 * capacity.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { crc32 } from '../dynamodb/checksum';
import { ITEM_REQUESTS } from '../dynamodb/requests/item-requests';
import type { RequestHandler } from '../endpoint/request-router';
import type { Faults } from './faults';

/** Source: DynamoDB Developer Guide, "Error messages and codes". */
const REFUSALS = {
  provisioned: {
    __type: 'com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException',
    message:
      'The level of configured provisioned throughput for the table was exceeded. Consider increasing your provisioning level with the UpdateTable API.',
  },
  onDemand: {
    __type: 'com.amazon.coral.availability#ThrottlingException',
    message:
      'Throughput exceeds the current capacity of your table or index. DynamoDB is automatically scaling your table or index so please try again shortly.',
  },
};

export class ThrottledTables implements RequestHandler {
  readonly #tables: RequestHandler;
  readonly #faults: Faults;

  constructor(tables: RequestHandler, faults: Faults) {
    this.#tables = tables;
    this.#faults = faults;
  }

  handle(request: IncomingMessage, response: ServerResponse): void | Promise<void> {
    const operation = String(request.headers['x-amz-target'] ?? '').split('.')[1] ?? '';
    if (!Object.hasOwn(ITEM_REQUESTS, operation) || !this.#faults.strikes('table-throttled', operation)) {
      return this.#tables.handle(request, response);
    }
    const kind = this.#faults.random('table-throttled') < 0.5 ? 'provisioned' : 'onDemand';
    const body = Buffer.from(JSON.stringify(REFUSALS[kind]));
    request.resume();
    response.writeHead(400, {
      'content-type': 'application/x-amz-json-1.0',
      'content-length': body.length,
      'x-amz-crc32': crc32(body),
    });
    response.end(body);
  }
}
