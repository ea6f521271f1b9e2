import { allowedOrigins, originAllowed } from '../../../lib/handlers/origins';

describe('allowedOrigins', () => {
  const mayConnect = (origin: string, environment: NodeJS.ProcessEnv) =>
    originAllowed(origin, allowedOrigins(environment));

  it('come from the environment', () => {
    expect(allowedOrigins({ ALLOWED_ORIGINS: 'https://a.example, https://b.example' })).toEqual([
      'https://a.example',
      'https://b.example',
    ]);
    expect(allowedOrigins({})).toEqual([]);
  });

  it.each(['http://localhost:3001', 'http://127.0.0.1:8080', 'http://[::1]:3001'])(
    'take %s in on the developer’s own machine, and nowhere else',
    (origin) => {
      expect(mayConnect(origin, { SHARED_CONNECTION_LOCAL: 'true' })).toBe(true);
      expect(mayConnect(origin, {})).toBe(false);
      expect(mayConnect('http://localhost.evil.example', { SHARED_CONNECTION_LOCAL: 'true' })).toBe(false);
    },
  );
});
