/**
 * Replays an order that the explorer has printed: `node --import tsx test/interleavings/replay.ts 'CASE' < print.txt`
 */
import { readFileSync } from 'node:fs';
import { everyCase } from './every-case';
import { parsed, replay } from './explorer';
import { ServiceWorld } from './service-world';

async function main(name: string | undefined): Promise<void> {
  const scenario = everyCase[name ?? ''];
  if (!scenario) {
    throw new Error(
      `There is no case ${JSON.stringify(name)}. There are:\n${Object.keys(everyCase).join('\n')}`,
    );
  }
  const wrong = await replay(() => ServiceWorld.make(scenario), parsed(readFileSync(0, 'utf8')), console.log);
  console.log(wrong ?? 'Nothing is wrong there.');
}

main(process.argv[2]).catch((error: Error) => {
  console.error(error.message);
  process.exitCode = 1;
});
