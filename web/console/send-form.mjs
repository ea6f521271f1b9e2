/** A form that sends a text. Enter sends, Shift+Enter starts a new line, and the outcome appears below. */
import { make, setText } from './dom.mjs';

/** @param send gets the text and resolves to a message about the outcome */
export function sendForm({ label, placeholder, send, actions = [] }) {
  const text = make('textarea', {
    ...{ rows: 2, required: true, spellcheck: false, placeholder },
    aria: { label: placeholder },
  });
  const outcome = make('p', { className: 'outcome', role: 'status' });
  const button = make('button', { type: 'submit', className: 'primary' }, label);
  const form = make(
    'form',
    { className: 'publish' },
    text,
    make('p', { className: 'actions' }, button, ...actions),
    outcome,
  );
  text.addEventListener('keydown', (event) => {
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    form.requestSubmit();
  });
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    button.disabled = true;
    await showOutcome(outcome, () => send(text.value));
    button.disabled = false;
  });
  return { element: form, outcome };
}

/** Runs `work` and shows the message that it resolves to, or the error. */
export async function showOutcome(outcome, work) {
  setText(outcome, '');
  try {
    setText(outcome, await work());
  } catch (error) {
    setText(outcome, error.message);
  }
}
