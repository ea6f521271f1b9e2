/** Two publishers that are not clients: a schedule that runs the lobby, and an HTTP API for hosts. */
import { z } from 'zod';
import { Host } from './host';

const QUESTIONS = [
  {
    text: 'How long does API Gateway keep a WebSocket open at most?',
    choices: ['10 minutes', '2 hours', '1 day'],
  },
  { text: 'Which close code means "going away"?', choices: ['1000', '1001', '1006'] },
];

/** Every minute: reveals the lobby's answers, and asks the next question. */
export async function everyMinute({ time }: { time: string }): Promise<void> {
  const lobby = new Host('lobby');
  await lobby.reveal();
  const minute = Math.floor(Date.parse(time) / 60_000);
  const question = QUESTIONS[minute % QUESTIONS.length];
  if (question) await lobby.ask(question);
}

const question = z.object({
  text: z.string().max(500),
  choices: z.array(z.string().max(100)).min(2).max(10),
});

/** `POST /rooms/{room}/questions` */
export async function askByHttp(event: { pathParameters: { room: string }; body?: string }) {
  let asked: unknown;
  try {
    asked = JSON.parse(event.body ?? '');
  } catch {}
  const { data, error } = question.safeParse(asked);
  if (!data) return { statusCode: 400, body: z.prettifyError(error) };
  await new Host(event.pathParameters.room).ask(data);
  return { statusCode: 202 };
}
