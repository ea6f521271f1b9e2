import type { App, LambdaFunction } from '../../local/assembly/model';
import { namesForPeople } from '../../local/function-names';

function app(...paths: string[]): Pick<App, 'apis' | 'functions' | 'tables'> {
  const functions = paths.map((path) => ({ path, functionName: `physical:${path}` }) as LambdaFunction);
  return { apis: [], tables: [], functions };
}

describe('namesForPeople', () => {
  it('uses the construct path within the only stack', () => {
    const nameOf = namesForPeople(app('Main/Chat/Routes/Resource', 'Main/Echo'));
    expect(nameOf('physical:Main/Chat/Routes/Resource')).toBe('Chat/Routes');
    expect(nameOf('physical:Main/Echo')).toBe('Echo');
  });

  it('keeps the stacks if there are several', () => {
    expect(namesForPeople(app('One/Routes/Resource', 'Two/Routes'))('physical:One/Routes/Resource')).toBe(
      'One/Routes',
    );
  });

  it('does not change unknown names', () => {
    expect(namesForPeople(app())('another')).toBe('another');
  });
});
