/**
 * A broadcast with as little code as possible: signed requests with `node:https`, 50 at a time, whose responses are
 * ignored.
 */
import { Agent, request } from 'node:https';
import type { Member } from '../../../lib';
import { percentEncoded, Signer, sha256 } from '../../../lib/management-api/signature';

const POSTS_AT_A_TIME = 50;
const {
  AWS_ACCESS_KEY_ID: accessKeyId = '',
  AWS_SECRET_ACCESS_KEY: secretAccessKey = '',
  AWS_SESSION_TOKEN: sessionToken = '',
  AWS_REGION: region = '',
} = process.env;
const agent = new Agent({ keepAlive: true, maxSockets: POSTS_AT_A_TIME });
const signer = new Signer(region);

export async function broadcastRaw(members: AsyncIterable<Member>, data: string): Promise<void> {
  const all = members[Symbol.asyncIterator]();
  const poster = async () => {
    for (let next = await all.next(); !next.done; next = await all.next()) await post(next.value, data);
  };
  await Promise.all(Array.from({ length: POSTS_AT_A_TIME }, poster));
}

function post({ callbackUrl, webSocketId }: Member, data: string): Promise<void> {
  const { host, pathname } = new URL(callbackUrl);
  const path = `${pathname}/@connections/${percentEncoded(webSocketId)}`;
  const unsigned = {
    method: 'POST',
    host,
    path,
    contentType: 'application/octet-stream',
    sha256: sha256(data),
  };
  const headers = signer.headers(unsigned, { accessKeyId, secretAccessKey, sessionToken }, Date.now());
  return new Promise((resolve, reject) => {
    request({ agent, host, path, method: 'POST', headers }, (response) =>
      response.resume().on('end', resolve),
    )
      .on('error', reject)
      .end(data);
  });
}
