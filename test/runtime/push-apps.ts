/** The apps that push, as one assembly with a stack for each. */
import { App } from 'aws-cdk-lib';
import { PushFromEvent } from '../apps/push-from-event/stack';
import { PushFromHttp } from '../apps/push-from-http/stack';
import { PushFromQueue } from '../apps/push-from-queue/stack';
import { PushFromStream } from '../apps/push-from-stream/stack';
import { PushFromTopic } from '../apps/push-from-topic/stack';

/** Returns the folder of the assembly. */
export function synthesizePushApps(outdir: string): string {
  const app = new App({ outdir });
  for (const PushStack of [PushFromQueue, PushFromTopic, PushFromEvent, PushFromStream, PushFromHttp])
    new PushStack(app);
  return app.synth().directory;
}
