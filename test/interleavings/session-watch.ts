/** Watches the sessions in the table, call by call: when one loses its last socket, and when it ends. */
import type { Item } from '../../lib/table/item';
import type { Call } from '../../lib/testing';

export class SessionWatch {
  #before = new Map<string, Item>();

  constructor(
    private readonly items: () => Item[],
    private readonly happened: string[],
  ) {}

  /** Called after each call that takes effect. */
  look({ to, subject }: Call): void {
    if (to !== 'table' || !subject.startsWith('SESSION#')) return;
    const now = new Map(sessionsAmong(this.items()).map((item) => [item.pk, item]));
    for (const [pk, { sockets, ending = [] }] of now) {
      const before = this.#before.get(pk);
      const endings = (before?.ending ?? []) as string[];
      if (before?.sockets && !sockets) this.happened.push(`${sessionId(pk)} loses its last socket`);
      if ((ending as string[]).some((socket) => !endings.includes(socket))) {
        this.happened.push(`${sessionId(pk)} ends${sockets ? ' too early' : ''}`);
      }
    }
    this.#before = now;
  }
}

export function sessionsAmong(items: Item[]): Item[] {
  return items.filter(({ sk }) => sk === 'SESSION');
}

export function sessionId(pk: string): string {
  return pk.split('#')[2] as string;
}
