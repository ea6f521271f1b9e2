/** Replays an order that the explorer has printed: `node --import tsx test/interleavings/replay.ts 'CASE' < print.txt` */
import { readFileSync } from 'node:fs';
import { cases } from './cases';
import { dedicatedCases } from './dedicated-cases';
import { parsed, replay } from './explorer';
import { inboxCases } from './inbox-cases';
import { ServiceWorld } from './service-world';
import { sessionCases } from './session-cases';

const allCases = { ...cases, ...sessionCases, ...inboxCases, ...dedicatedCases };

async function main(name: string | undefined): Promise<void> {
  const scenario = allCases[name ?? ''];
  if (!scenario) {
    throw new Error(
      `There is no case ${JSON.stringify(name)}. There are:\n${Object.keys(allCases).join('\n')}`,
    );
  }
  const wrong = await replay(() => ServiceWorld.make(scenario), parsed(readFileSync(0, 'utf8')), console.log);
  console.log(wrong ?? 'Nothing is wrong there.');
}

main(process.argv[2]).catch((error: Error) => {
  console.error(error.message);
  process.exitCode = 1;
});
