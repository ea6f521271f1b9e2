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
  ])('answers to %s', (header) => {
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
  ])('does not answer to %s', (header) => {
    expect(new HostHeaders('127.0.0.1').accepts(header)).toBe(false);
  });

  it('knows the names that only this machine can mean', () => {
    const hosts = new HostHeaders('0.0.0.0', ['tunnel.example.com']);
    const headers = ['localhost:3001', '127.0.0.1', '[::1]:3001', 'tunnel.example.com', '192.168.1.2'];
    expect(headers.map((header) => hosts.isLoopback(header))).toEqual([true, true, true, false, false]);
    expect(hosts.isLoopback(undefined)).toBe(false);
  });

  it("takes a bucket's name for none of its own", () => {
    expect(new HostHeaders('127.0.0.1').isOwn('bucket.localhost:3001')).toBe(false);
  });

  it('answers to the host that it listens on', () => {
    expect(new HostHeaders('box.local').accepts('box.local:3001')).toBe(true);
  });

  it('answers to other names of this machine, as to its own', () => {
    const hosts = new HostHeaders('127.0.0.1', ['Host.Docker.Internal']);
    expect(hosts.isOwn('host.docker.internal:3001')).toBe(true);
    expect(hosts.accepts('docker.internal:3001')).toBe(false);
  });

  it("answers to the app's own names of the moment, and takes them for none of its own", () => {
    const served = ['ws.example.com'];
    const hosts = new HostHeaders('127.0.0.1', [], () => served);
    expect(hosts.accepts('ws.example.com')).toBe(true);
    expect(hosts.isOwn('ws.example.com')).toBe(false);
    served.pop();
    expect(hosts.accepts('ws.example.com')).toBe(false);
  });

  it('answers to any address, but to no name, if it listens on every interface', () => {
    const hosts = new HostHeaders('0.0.0.0');
    expect(hosts.accepts('192.168.1.2:3001')).toBe(true);
    expect(hosts.accepts('example.com')).toBe(false);
  });
});
