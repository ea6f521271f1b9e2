/** Fetches a small JSON document of an issuer. Bounded in time and size, as API Gateway's quotas for HTTP APIs are. */

/** "Timeout for JSON Web Key Set endpoint", "Timeout for OpenID Connect discovery endpoint". */
const FETCH_TIMEOUT_MILLIS = 1_500;
/** "Response size from JSON Web Key Set endpoint". */
const MAX_DOCUMENT_BYTES = 150_000;

export type FetchJson = (url: string) => Promise<unknown>;

/** @throws Error with the reason: a status, an error code, or what is wrong with the document */
export async function fetchedJson(url: string): Promise<unknown> {
  const text = await fetchedText(url).catch((error: unknown) => {
    throw new Error(reasonOf(error));
  });
  try {
    return JSON.parse(text);
  } catch {
    throw new Error('the response is not JSON');
  }
}

async function fetchedText(url: string): Promise<string> {
  const response = await fetch(url, {
    redirect: 'error',
    signal: AbortSignal.timeout(FETCH_TIMEOUT_MILLIS),
  });
  if (!response.ok) {
    await response.body?.cancel();
    throw new Error(`the status is ${response.status}`);
  }
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length;
    // Leaving the loop cancels the response.
    if (bytes > MAX_DOCUMENT_BYTES) throw new Error(`the response has more than ${MAX_DOCUMENT_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function reasonOf(error: unknown): string {
  const { name, message, cause } = error as Error & { cause?: { code?: string; message?: string } };
  if (name === 'TimeoutError') return `no response within ${FETCH_TIMEOUT_MILLIS} ms`;
  return cause?.code ?? cause?.message ?? message;
}
