/**
 * The part of CloudFormation that programs use to look up resources: DescribeStacks, with the outputs of the running
 * app.
 */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { App, StackSummary } from '../assembly/model';
import type { RequestHandler } from '../endpoint/request-router';
import { type XmlElement, xmlDocument } from '../endpoint/xml';
import { readBody } from '../gateway/request-body';

const NAMESPACE = 'http://cloudformation.amazonaws.com/doc/2010-05-15/';
/** No supported request has more than a stack's name. */
const MAX_REQUEST_BYTES = 64 * 1024;

/** Responds in AWS's Query protocol: a form in, XML out. */
export class StackDescriptions implements RequestHandler {
  readonly #createdAt: string;

  /** `app` is the running app. It was started at `startedAt`, in milliseconds since the epoch. */
  constructor(
    private readonly app: () => Pick<App, 'stacks' | 'outputs'>,
    startedAt: number,
  ) {
    this.#createdAt = new Date(startedAt).toISOString();
  }

  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await readBody(request, MAX_REQUEST_BYTES);
    if (body === undefined) return;
    if (body === 'tooLarge') {
      return answerError(response, 413, 'RequestEntityTooLarge', 'The request is too large.');
    }
    const query = request.url?.split('?')[1] ?? '';
    const parameters = new URLSearchParams(body.length > 0 ? body.toString() : query);
    const action = parameters.get('Action') ?? '';
    if (action !== 'DescribeStacks') {
      return answerError(
        response,
        501,
        'UnsupportedOperation',
        `The runtime supports only DescribeStacks of CloudFormation, not ${JSON.stringify(action)}.`,
      );
    }
    this.#describe(parameters.get('StackName') ?? undefined, response);
  }

  /** @see https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DescribeStacks.html */
  #describe(asked: string | undefined, response: ServerResponse): void {
    const stacks = this.app().stacks.filter(
      ({ name, stackId }) => asked === undefined || asked === name || asked === stackId,
    );
    if (asked !== undefined && stacks.length === 0) {
      answerError(response, 400, 'ValidationError', `Stack with id ${asked} does not exist`);
      return;
    }
    answer(response, 200, 'DescribeStacksResponse', {
      DescribeStacksResult: { Stacks: { member: stacks.map((stack) => this.#element(stack)) } },
      ResponseMetadata: { RequestId: randomUUID() },
    });
  }

  #element({ name, stackId, description }: StackSummary): XmlElement {
    const outputs = this.app().outputs.filter(({ stack }) => stack === name);
    return {
      StackId: stackId,
      StackName: name,
      Description: description,
      CreationTime: this.#createdAt,
      StackStatus: 'CREATE_COMPLETE',
      Outputs: {
        member: outputs.map((output) => ({
          OutputKey: output.name,
          OutputValue: output.value,
          Description: output.description,
        })),
      },
    };
  }
}

function answerError(response: ServerResponse, status: number, code: string, message: string): void {
  answer(response, status, 'ErrorResponse', {
    Error: { Type: status < 500 ? 'Sender' : 'Receiver', Code: code, Message: message },
    RequestId: randomUUID(),
  });
}

function answer(response: ServerResponse, status: number, name: string, content: XmlElement): void {
  const body = xmlDocument(name, content, NAMESPACE);
  response.writeHead(status, { 'content-type': 'text/xml', 'content-length': Buffer.byteLength(body) });
  response.end(body);
}
