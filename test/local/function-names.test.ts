import type { App, LambdaFunction } from '../../local/assembly/model';
import { namesForPeople } from '../../local/function-names';

function app(...paths: string[]): Pick<App, 'apis' | 'functions' | 'tables'> {
  const functions = paths.map((path) => ({ path, functionName: `physical:${path}` }) as LambdaFunction);
  return { apis: [], tables: [], functions };
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
