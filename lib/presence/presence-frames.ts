/** The frames that tell a channel's members who is in it: the whole list, or what has changed since they got the last one. */
import type { Member } from '../connections/connection-items';
import { MAX_MESSAGE_BYTES } from '../delivery/delivery';
import { fingerprintOf } from '../messages/fingerprint';
import type { PresenceForm } from './presence-form';
import type { Change } from './presence-items';

/** A list up to this size is billed as one message. Source: API Gateway pricing, "metered in 32 KB increments". */
const MAX_LIST_BYTES = 32 * 1024;

interface Round {
  members: Member[];
  /** What has changed since the last round; `undefined` if that is unknown, or too much to send one by one. */
  changes: Change[] | undefined;
  /** The revision that these frames bring clients to. */
  revision: number;
  /** The revision that the last round brought them to. */
  since: number;
}

/** What to send to whom, and a hash that changes with the list. */
export function presenceFrames<Entry>(
  form: PresenceForm<Entry>,
  { members, changes, revision, since }: Round,
): { entriesHash: string; groups: { frames: string[]; to: Member[] }[] } {
  const entries = form.entriesOf(members);
  const entriesHash = fingerprintOf(entries);
  const whole = listFrames(form, entries, revision);
  const { differences } = form;
  if (!differences || !changes) return { entriesHash, groups: [{ frames: whole, to: members }] };
  const touched = new Set(changes.flatMap(({ users }) => users));
  const joined = entries.filter((entry) => touched.has(differences.keyOf(entry)));
  const present = new Set(joined.map(differences.keyOf));
  const left = [...touched].filter((user) => !present.has(user));
  const difference = [differences.encode({ joined, left, since, revision })].flat();
  const fits = difference.every((frame) => Buffer.byteLength(frame) <= MAX_MESSAGE_BYTES);
  const newcomers = new Set(changes.map(({ newcomer }) => newcomer));
  const isNew = ({ webSocketId }: Member) => newcomers.has(webSocketId);
  // Without lists, newcomers learn of each other from the difference. One that has only itself in it is not sent.
  const others = joined.length + left.length > 1 ? difference : [];
  return {
    entriesHash,
    groups: [
      { frames: fits ? difference : whole, to: members.filter((member) => !isNew(member)) },
      { frames: form.sendsNoLists ? others : whole, to: members.filter(isNew) },
    ],
  };
}

/** The list, with as many entries as fit, and how many more there are. */
export function listFrames<Entry>(form: PresenceForm<Entry>, entries: Entry[], revision: number): string[] {
  let bytes = bytesOf([form.encodeList({ entries: [], more: entries.length, revision })].flat());
  const fitting = entries.findIndex((entry) => {
    bytes += Buffer.byteLength(JSON.stringify(entry)) + 1;
    return bytes > MAX_LIST_BYTES;
  });
  const shown = fitting < 0 ? entries : entries.slice(0, fitting);
  return [form.encodeList({ entries: shown, more: entries.length - shown.length, revision })].flat();
}

function bytesOf(frames: string[]): number {
  return frames.reduce((sum, frame) => sum + Buffer.byteLength(frame), 0);
}
