/** Centrifuge's JavaScript client, unchanged, against a service deployed to another project's AWS emulator. */
import { join } from 'node:path';
import { findApp } from '../../local/assembly/synthesis/app-source';
import { synthesize } from '../../local/assembly/synthesis/synthesis';
import { realtimeScenario } from './clients/realtime-scenario';
import { assemblyDirectory, deployAssembly } from './deployment';
import { Ministack } from './ministack';
import { RealtimeControl, webSocketWith } from './realtime-control';
import { notesOfScenario } from './realtime-notes';

jest.setTimeout(180_000);

const ROOT = join(__dirname, '../..');

describe('a realtime service, deployed', () => {
  let ministack: Ministack;
  let control: RealtimeControl | undefined;
  let url: URL;

  beforeAll(async () => {
    ministack = await Ministack.start();
    const source = findApp('test/apps/realtime', ROOT);
    if (source.kind !== 'command') throw new Error('cdk.json names no command');
    await synthesize({ ...source.synthesis, outputDirectory: assemblyDirectory(ministack) });
    const outputs = Object.entries((await deployAssembly(ministack)).Realtime ?? {});
    url = new URL(outputs.find(([name]) => name.startsWith('LobbyUrl'))?.[1] ?? '');
  });
  afterAll(async () => {
    await control?.stop();
    await ministack?.stop();
  });

  it('serves centrifuge in Node.js', async () => {
    const { host, pathname: path } = url;
    const headers = { Host: host };
    control = await RealtimeControl.start(
      { port: ministack.port, path, headers, awaitsNews: false },
      'public:1',
    );
    const noted = await realtimeScenario({
      webSocketUrl: control.webSocketUrl,
      controlUrl: control.url,
      room: 'public:1',
      websocket: webSocketWith(headers),
    });
    expect(noted).toEqual([...notesOfScenario().slice(0, -1), 'Bob was not asked']);
  });
});
