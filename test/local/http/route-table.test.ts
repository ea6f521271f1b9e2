import type { HttpRoute } from '../../../local/assembly/model';
import { RouteTable } from '../../../local/http/route-table';

const integration = { type: 'NOT_RUN', path: '', reason: '' } as const;

function table(...keys: string[]): RouteTable {
  return new RouteTable(
    keys.map((key): HttpRoute => {
      const [method = '', resource = '$default'] = key === '$default' ? ['ANY'] : key.split(' ');
      return { path: key, method, resource, integration };
    }),
  );
}

const all = table(
  'ANY /{proxy+}',
  'GET /rooms/{id}',
  'ANY /rooms/{id}',
  'GET /rooms/lobby',
  'POST /rooms/{id}/{rest+}',
  'GET /',
  '$default',
);

describe('RouteTable', () => {
  it.each([
    ['GET', '/', 'GET /', {}],
    ['GET', '/rooms/lobby', 'GET /rooms/lobby', {}],
    ['GET', '/rooms/lobby/', 'GET /rooms/lobby', {}],
    ['GET', '/rooms/7', 'GET /rooms/{id}', { id: '7' }],
    ['PUT', '/rooms/7', 'ANY /rooms/{id}', { id: '7' }],
    ['POST', '/rooms/lobby', 'ANY /rooms/{id}', { id: 'lobby' }],
    ['POST', '/rooms/7/a/b', 'POST /rooms/{id}/{rest+}', { id: '7', rest: 'a/b' }],
    ['GET', '/rooms/7/a/b', 'ANY /{proxy+}', { proxy: 'rooms/7/a/b' }],
    ['POST', '/', '$default', {}],
  ])('sends %s %s to %s', (method, path, key, pathParameters) => {
    const matched = all.match(method, path);
    expect([matched?.route.path, matched?.pathParameters]).toEqual([key, pathParameters]);
  });

  it.each([
    ['POST', '/rooms'],
    ['GET', '/other'],
    ['GET', '/rooms//'],
  ])('has no route for %s %s', (method, path) => {
    expect(table('GET /rooms', 'GET /rooms/{id}').match(method, path)).toBeUndefined();
  });
});
