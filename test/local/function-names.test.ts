import type { App, LambdaFunction } from '../../local/assembly/model';
import { namesForPeople } from '../../local/function-names';

function app(...paths: string[]): App {
  const functions = paths.map((path) => ({ path, functionName: `physical:${path}` }) as LambdaFunction);
  return {
    ...{ region: 'us-east-1', accountId: '000000000000', apis: [], tables: [], schedules: [], buckets: [] },
    ...{ stacks: [], outputs: [], notRun: [] },
    functions,
  };
}

describe('namesForPeople', () => {
  it('takes the construct path within the one stack', () => {
    const nameOf = namesForPeople(app('Main/Chat/Routes/Resource', 'Main/Echo'));
    expect(nameOf('physical:Main/Chat/Routes/Resource')).toBe('Chat/Routes');
    expect(nameOf('physical:Main/Echo')).toBe('Echo');
  });

  it('keeps the stacks where there are several', () => {
    expect(namesForPeople(app('One/Routes/Resource', 'Two/Routes'))('physical:One/Routes/Resource')).toBe(
      'One/Routes',
    );
  });

  it('leaves alone what it does not know', () => {
    expect(namesForPeople(app())('another')).toBe('another');
  });
});
