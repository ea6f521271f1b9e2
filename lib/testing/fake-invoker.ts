/** Asynchronous invocations in memory. They are queued, and run when the test says so. */
import type { Invoker, ServiceRequest } from '../invocations/invoker';
import { type Intercept, letThrough } from './intercept';

export interface QueuedRequest {
  functionName: string;
  request: ServiceRequest;
}

export class FakeInvoker implements Invoker {
  /** Pending requests, oldest first. */
  readonly queue: QueuedRequest[] = [];

  constructor(private readonly intercept: Intercept = letThrough) {}

  invoke(functionName: string, request: ServiceRequest): Promise<void> {
    return this.intercept(
      { to: 'functions', operation: `invoke ${request.type}`, subject: functionName },
      () => {
        this.queue.push({ functionName, request: structuredClone(request) });
      },
    );
  }
}
