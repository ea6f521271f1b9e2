/** Puts a sample file into the bucket, on the developer's own machine only. */
import { localS3 } from './local-s3.mjs';

const element = (id) => document.getElementById(id);

export class SampleDrop {
  #bucket;
  #dropped = 0;

  /** Offers samples if this machine has a bucket, and otherwise says how to add a file. */
  async offer() {
    this.#bucket = await localBucket();
    if (this.#bucket === undefined) {
      const command = document.createElement('code');
      command.textContent = 'aws s3 cp sample.hl7 s3://BUCKET/';
      element('where').append('Upload a file to the bucket: ', command);
      return;
    }
    element('where').textContent = 'Or copy a file into the folder incoming, which acts as the bucket.';
    element('drop-button').disabled = false;
    element('drop').addEventListener('submit', (event) => {
      event.preventDefault();
      void this.#drop(element('sample').value);
    });
  }

  async #drop(kind) {
    const { name, content } = sample(kind, ++this.#dropped);
    element('problem').textContent = '';
    try {
      const response = await localS3(`/${this.#bucket}/${name}`, { method: 'PUT', body: content });
      if (!response.ok) throw new Error(`the server responded with ${response.status}`);
    } catch (error) {
      element('problem').textContent = `The file could not be uploaded: ${error.message}.`;
    }
  }
}

/** The name of this machine's bucket, if this is the developer's own machine and it has one. */
async function localBucket() {
  if (!['localhost', '127.0.0.1', '[::1]'].includes(location.hostname)) return undefined;
  try {
    const response = await localS3('/');
    const text = response.ok ? await response.text() : '';
    const answer = new DOMParser().parseFromString(text, 'application/xml');
    return answer.querySelector('Bucket > Name')?.textContent ?? undefined;
  } catch {
    return undefined;
  }
}

/** Sample messages with invented data. */
function sample(kind, number) {
  const now = new Date();
  const stamp = now.toISOString().replace(/\D/g, '').slice(0, 14);
  const id = `${now.getTime().toString(36)}-${number}`.toUpperCase();
  if (kind === 'file') return { name: `sample-${id}.txt`, content: `Something that is not HL7: ${id}.\n` };
  if (kind === 'batch') {
    const messages = ['adt', 'oru', 'orm'].map((one, index) => message(one, stamp, `${id}-${index + 1}`));
    return { name: `sample-batch-${id}.hl7`, content: `BHS|^~\\&|SAMPLE\r${messages.join('')}BTS|3\r` };
  }
  return { name: `sample-${kind}-${id}.hl7`, content: message(kind, stamp, id) };
}

function message(kind, stamp, controlId) {
  const [type, segments] = {
    adt: ['ADT^A01', ['EVN|A01', 'PID|1||000001||DOE^JANE', 'PV1|1|I|WARD^1']],
    oru: [
      'ORU^R01',
      ['PID|1||000001||DOE^JANE', 'OBR|1||LAB1|GLU^GLUCOSE', 'OBX|1|NM|GLU^GLUCOSE||5.4|mmol/L'],
    ],
    orm: ['ORM^O01', ['PID|1||000001||DOE^JANE', 'ORC|NW|1', 'OBR|1|1||XR^CHEST']],
  }[kind];
  const header = `MSH|^~\\&|SAMPLE|NOWHERE|||${stamp}+0000||${type}|${controlId}|P|2.5`;
  return [header, ...segments, ''].join('\r');
}
