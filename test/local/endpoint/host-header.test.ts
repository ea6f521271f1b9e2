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

  it("takes a bucket's name for none of its own", () => {
    expect(new HostHeaders('127.0.0.1').isOwn('bucket.localhost:3001')).toBe(false);
  });

  it('answers to the host that it listens on', () => {
    expect(new HostHeaders('box.local').accepts('box.local:3001')).toBe(true);
  });

  it('answers to any address, but to no name, if it listens on every interface', () => {
    const hosts = new HostHeaders('0.0.0.0');
    expect(hosts.accepts('192.168.1.2:3001')).toBe(true);
    expect(hosts.accepts('example.com')).toBe(false);
  });
});
