/** The host of a room: asks questions, and reveals the answers. Any process can be a host. */
import { type Channel, Service, type ServiceOptions } from 'shared-connection';
import { QuizServer } from '../quiz/server';

export interface Question {
  text: string;
  choices: string[];
}

/** A line of a room: a question, an answer to it, or the result with the number of answers for each choice. */
export type Line = { question: Question } | { answer: number; by: string } | { result: number[] };

export class Host {
  readonly #room: Channel;

  constructor(room: string, options: ServiceOptions = {}) {
    this.#room = new Service('quiz', { serverClass: QuizServer, ...options }).channel(`quiz/${room}`);
  }

  async ask(question: Question): Promise<void> {
    await this.#room.publish({ question } satisfies Line);
  }

  /** Counts each player's last answer to the question, and publishes the result. */
  async reveal(): Promise<number[] | undefined> {
    const { lines } = await this.#room.history({ reverse: true, limit: 1_000 });
    const answers = new Map<string, number>();
    for (const line of lines.map(({ data }) => data as Line)) {
      if ('result' in line) return undefined;
      if ('answer' in line && !answers.has(line.by)) answers.set(line.by, line.answer);
      if (!('question' in line)) continue;
      const result = line.question.choices.map((_, n) => [...answers.values()].filter((a) => a === n).length);
      await this.#room.publish({ result } satisfies Line);
      return result;
    }
    return undefined;
  }
}
