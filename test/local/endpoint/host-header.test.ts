import { HostHeaders } from '../../../local/endpoint/host-header';

describe('HostHeaders', () => {
  it.each([
    'localhost',
    'localhost:3001',
    'LOCALHOST:3001',
    '127.0.0.1:3001',
    '[::1]:3001',
    'abc.execute-api.us-east-1.amazonaws.com',
    'dynamodb.us-east-1.amazonaws.com:443',
    'abc.execute-api.cn-north-1.amazonaws.com.cn',
    'bucket.s3.us-east-1.amazonaws.com',
    'bucket.localhost:3001',
  ])('accepts %s', (header) => {
    expect(new HostHeaders('127.0.0.1').accepts(header)).toBe(true);
  });

  it.each([
    undefined,
    '',
    'example.com',
    'localhost.example.com',
    'bucket.localhost.example.com',
    'evillocalhost',
    'amazonaws.com.example.com',
    'evilamazonaws.com',
    '192.168.1.2:3001',
    'localhost:3001:1',
    'localhost/x',
  ])('does not accept %s', (header) => {
    expect(new HostHeaders('127.0.0.1').accepts(header)).toBe(false);
  });

  it('accepts names that can only mean this machine', () => {
    const hosts = new HostHeaders('0.0.0.0', ['tunnel.example.com']);
    const headers = ['localhost:3001', '127.0.0.1', '[::1]:3001', 'tunnel.example.com', '192.168.1.2'];
    expect(headers.map((header) => hosts.isLoopback(header))).toEqual([true, true, true, false, false]);
    expect(hosts.isLoopback(undefined)).toBe(false);
  });

  it("does not treat a bucket's name as its own", () => {
    expect(new HostHeaders('127.0.0.1').isOwn('bucket.localhost:3001')).toBe(false);
  });

  it('accepts the host that it listens on', () => {
    expect(new HostHeaders('box.local').accepts('box.local:3001')).toBe(true);
  });

  it('accepts other names of this machine as its own', () => {
    const hosts = new HostHeaders('127.0.0.1', ['Host.Docker.Internal']);
    expect(hosts.isOwn('host.docker.internal:3001')).toBe(true);
    expect(hosts.accepts('docker.internal:3001')).toBe(false);
  });

  it("accepts the app's current names, but does not treat them as its own", () => {
    const served = ['ws.example.com'];
    const hosts = new HostHeaders('127.0.0.1', [], () => served);
    expect(hosts.accepts('ws.example.com')).toBe(true);
    expect(hosts.isOwn('ws.example.com')).toBe(false);
    served.pop();
    expect(hosts.accepts('ws.example.com')).toBe(false);
  });

  it('accepts any address, but no name, if it listens on every interface', () => {
    const hosts = new HostHeaders('0.0.0.0');
    expect(hosts.accepts('192.168.1.2:3001')).toBe(true);
    expect(hosts.accepts('example.com')).toBe(false);
  });
});
