import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { connect, createServer, type TLSSocket } from 'node:tls';
import { CertificateAuthority } from '../../../local/lambda/environments/certificates';

describe('CertificateAuthority', () => {
  const now = Date.UTC(2026, 0, 31);
  const authority = new CertificateAuthority('Local', now);
  const host = 'abc123.execute-api.eu-central-1.amazonaws.com';

  it('has a self-signed certificate of an authority', () => {
    const certificate = new X509Certificate(authority.certificate);
    expect(certificate.ca).toBe(true);
    expect(certificate.verify(certificate.publicKey)).toBe(true);
    expect(certificate.checkIssued(certificate)).toBe(true);
  });

  it("signs a host's certificate for only that host's name", () => {
    const issuer = new X509Certificate(authority.certificate);
    const certificate = new X509Certificate(authority.forHost(host).cert);
    expect(certificate.ca).toBe(false);
    expect(certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey)).toBe(true);
    expect(certificate.checkHost(host)).toBe(host);
    expect(certificate.checkHost(`other.${host}`)).toBeUndefined();
  });

  it('issues certificates that are valid from the day before, for a year', () => {
    const { validFrom, validTo } = new X509Certificate(authority.certificate);
    expect([Date.parse(validFrom), Date.parse(validTo)]).toEqual([
      Date.UTC(2026, 0, 30),
      Date.UTC(2027, 0, 31),
    ]);
  });

  it('supports a host name that is too long for a common name', () => {
    const long = `${'a'.repeat(60)}.s3.us-east-1.amazonaws.com`;
    expect(new X509Certificate(authority.forHost(long).cert).checkHost(long)).toBe(long);
  });

  it('is trusted only by a client that has its certificate', async () => {
    const today = new CertificateAuthority('Local', Date.now());
    const server = createServer({ ...today.forHost(host) }, (socket) => socket.end('hello'));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const reach = (ca: string) =>
      new Promise<string>((resolve) => {
        const client: TLSSocket = connect({ port, host: '127.0.0.1', servername: host, ca }, () => {
          resolve('trusted');
          client.destroy();
        });
        client.on('error', (error) => resolve((error as NodeJS.ErrnoException).code ?? error.message));
      });
    const stranger = new CertificateAuthority('Stranger', Date.now()).certificate;
    expect([await reach(today.certificate), await reach(stranger)]).toEqual([
      'trusted',
      'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    ]);
    server.close();
  });
});
