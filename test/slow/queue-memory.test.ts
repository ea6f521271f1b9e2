import { ManualClock } from '../../local/clock';
import type { Queue } from '../../local/sqs/queue';
import { Queues } from '../../local/sqs/queues';
import { queueSettings } from '../local/sqs/queue-settings';

describe('Queue', () => {
  it('accepts messages up to its memory limit, until some of them are deleted', async () => {
    const settings = queueSettings({});
    const all = new Queues({ queues: [settings], accountId: '000000000000', clock: new ManualClock() });
    const queue = all.byArn(settings.queueArn) as Queue;
    const body = 'x'.repeat(1_000_000);
    let sent = 0;
    const fill = () => {
      for (; sent < 1_000; sent += 1) queue.send({ body });
    };
    expect(fill).toThrow('The local queues hold 512 MB of messages');
    expect(sent).toBe(536);
    const [message] = await queue.receive({ maxMessages: 1 });
    queue.delete(message?.receiptHandle ?? '');
    expect(fill).toThrow('512 MB');
    expect(sent).toBe(537);
  });
});
