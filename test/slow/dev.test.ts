import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import WebSocket from 'ws';
import { APP, BUNDLED_APP, DevProject } from '../local/cli/dev-project';

describe('shared-connection dev', () => {
  let project: DevProject;
  let socket: WebSocket;
  afterEach(() => {
    socket.terminate();
    project.remove();
  });

  const begin = async (app: string, files: Record<string, string>) => {
    project = new DevProject(app, files);
    const [url = ''] = /ws:\/\/localhost:\d+\/chat/.exec(await project.start()) ?? [];
    socket = new WebSocket(url);
    await once(socket, 'open');
  };
  /** What the function prints for a message. */
  const answers = (text: string) => {
    socket.send('{}');
    return project.says(new RegExp(` Function \\| ${text}$`));
  };
  const answering = (text: string) =>
    `exports.handler = async () => { console.log('${text}'); return { statusCode: 200 }; };`;

  it('follows changes of any app with open connections: functions, routes and tables. A broken change has no effect', async () => {
    await begin(APP, { 'answer.js': 'first' });
    project.save('answer.js', 'second');
    expect(await project.says(/replaced/)).toMatch(/^Functions replaced \d+\.\d\d s after the save$/);
    await answers('second');

    project.save('answer.js', 'broken');
    expect(await project.complains(/failed/)).toContain('Error: The answer is broken. (app.js:4:');
    await answers('second');

    project.save('answer.js', 'third');
    expect(await project.says(/replaced/)).toMatch(/^Fixed\. Functions replaced \d+\.\d\d s after the save$/);
    await answers('third');

    const path = 'assembly/Main.template.json';
    const template = JSON.parse(readFileSync(join(project.folder, path), 'utf8'));
    const { Resources } = template;
    Resources.Join = structuredClone(Resources.Route);
    Resources.Join.Properties.RouteKey = 'join';
    Resources.Permission.Properties.SourceArn['Fn::Sub'] = Resources.Permission.Properties.SourceArn[
      'Fn::Sub'
    ].replace('*$default', '*');
    Resources.Function.Properties.Timeout = 7;
    Resources.Rows = {
      Type: 'AWS::DynamoDB::Table',
      Properties: {
        BillingMode: 'PAY_PER_REQUEST',
        AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
        KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
      },
    };
    project.save(path, JSON.stringify(template));
    await project.says(/^Applied \d+\.\d\d s after the save; sockets stay open:$/);
    expect(await project.says(/./)).toBe('  Main/Api: new route join');
    expect(await project.says(/./)).toBe('  Main/Function: timeout');
    expect(await project.says(/./)).toBe('  new table Main/Rows');
    socket.send('{"action":"join"}');
    await project.says(/ Function +join /);

    Resources.Rows.Properties.AttributeDefinitions[0].AttributeName = 'id';
    Resources.Rows.Properties.KeySchema[0].AttributeName = 'id';
    project.save(path, JSON.stringify(template));
    await project.says(
      /^These changes need a restart, which closes all sockets\. Nothing is applied until you press r:$/,
    );
    expect(await project.says(/./)).toBe("  Main/Rows: the table's keys, indexes or settings");
    expect(socket.readyState).toBe(WebSocket.OPEN);
    expect(await project.stop()).toEqual([0, null]);
  });

  it('replaces functions with recorded bundling before a synthesis has finished', async () => {
    await begin(BUNDLED_APP, { 'answer.js': answering('first') });
    project.save('answer.js', answering('second'));
    expect(await project.says(/./)).toMatch(/^Functions replaced 0\.\d\d s after the save$/);
    await answers('second');

    project.save('answer.js', 'exports.handler = async () => { return };;)');
    expect(await project.complains(/./)).toBe(
      'answer could not be bundled: answer.js:1:42: ERROR: Unexpected ")"',
    );
    expect(await project.complains(/│/)).toMatch(/1 │ exports.handler = async/);
    expect(await project.complains(/./)).toMatch(/╵ +\^/);
    expect(await project.complains(/./)).toBe('The previous version keeps running.');
    await answers('second');

    project.save('answer.js', answering('second'));
    expect(await project.says(/save/)).toMatch(/^Fixed\. No change in the functions, /);

    project.save('build/go', '');
    project.save('other.js', 'This needs a synthesis.');
    expect(await project.says(/save/)).toMatch(/^No change in the app, /);
    await answers('second');
    expect(socket.readyState).toBe(WebSocket.OPEN);
  });

  it('tells pages to reload when one of their files has changed', async () => {
    await begin(APP, { 'answer.js': 'first', 'web/index.html': '<p>Hello' });
    const page = socket.url.replace(/^ws(.*)chat$/, 'http$1');
    const before = await (await fetch(page)).text();
    project.save('web/style.css', 'p { color: red }');
    expect(await project.says(/./)).toMatch(/^Pages reloaded 0\.\d\d s after the save$/);
    expect(before).toMatch(/^<p>Hello<script type="module" src="\/@dev\/reload\.mjs\?version=/);
    expect(await (await fetch(page)).text()).not.toBe(before);
  });
});
