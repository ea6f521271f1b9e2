/** The Faults panel: what each fault does, its value, and how often it has struck. */
import { byId, make, reconcile, setText } from './dom.mjs';
import { count, plural } from './format.mjs';
import { ask } from './runtime.mjs';

const MEANINGS = {
  'lost-disconnect': '$disconnect events are never delivered',
  'late-disconnect': '$disconnect arrives this much later',
  'half-open': 'connections fall silent: posts succeed, but nothing arrives',
  throttled: 'posts get 429',
  'post-fails': 'posts get 500 and are not delivered',
  'post-hangs': 'posts get no answer and are not delivered',
  'function-crash': 'the function’s environment crashes',
  'function-freeze': 'the function hangs until its timeout',
  'function-cold': 'the invocation starts a new environment',
  'function-throttled': 'the invocation is throttled',
  'table-throttled': 'DynamoDB throttles operations on items',
  'answer-lost': 'DynamoDB does the work, but its response is lost',
};
const FIRST_VALUES = { SHARE: '20', SECONDS: '5' };

export class Faults {
  constructor(tabs) {
    byId('faults-off').addEventListener('click', () => this.#change('DELETE', 'faults'));
    byId('faults-on').addEventListener('click', () => tabs.show('faults'));
  }

  async refresh() {
    try {
      this.#show(await ask('GET', 'faults'));
    } catch (error) {
      setText(byId('faults-problem'), error.message);
    }
  }

  async #change(method, path, value) {
    try {
      this.#show(await ask(method, path, value));
    } catch (error) {
      setText(byId('faults-problem'), error.message);
    }
  }

  #show({ seed, faults, known }) {
    setText(byId('faults-problem'), '');
    setText(byId('seed'), `Seed ${seed}. Runs with the same seed strike the same cases.`);
    byId('faults-off').disabled = faults.length === 0;
    byId('faults-on').hidden = faults.length === 0;
    setText(byId('faults-on'), `${plural(faults.length, 'fault')} on`);
    const active = new Map(faults.map((fault) => [fault.name, fault]));
    reconcile(
      byId('faults'),
      Object.entries(known),
      ([name]) => name,
      ([name, unit]) => this.#create(name, unit),
      (element, [name, unit]) => update(element, unit, active.get(name)),
    );
  }

  #create(name, unit) {
    const value = make('input', {
      ...{ type: 'number', min: 0, max: unit === 'SHARE' ? 100 : 86_400, step: 'any', required: true },
      ...{
        value: FIRST_VALUES[unit],
        aria: { label: `${name}: ${unit === 'SHARE' ? 'percent' : 'seconds'}` },
      },
    });
    const button = make('button', { type: 'submit', role: 'switch' });
    const form = make(
      'form',
      { className: 'fault' },
      make('span', { className: 'name' }, name),
      make('span', { className: 'meaning quiet' }, MEANINGS[name] ?? ''),
      make('span', { className: 'struck' }),
      make('span', { className: 'amount' }, value, unit === 'SHARE' ? '%' : 's'),
      button,
    );
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      const isOn = button.getAttribute('aria-checked') === 'true';
      void this.#change(isOn ? 'DELETE' : 'PUT', `faults/${name}`, isOn ? undefined : textOf(value, unit));
    });
    value.addEventListener('change', () => {
      if (button.getAttribute('aria-checked') === 'true' && value.checkValidity())
        void this.#change('PUT', `faults/${name}`, textOf(value, unit));
    });
    button.setAttribute('aria-label', name);
    return make('li', {}, form);
  }
}

/** The value in the runtime's format: a share or seconds. */
function textOf({ value }, unit) {
  return unit === 'SHARE' ? String(Math.round(Number(value) * 1e6) / 1e8) : String(Number(value));
}

function update(element, unit, fault) {
  const button = element.querySelector('button');
  const value = element.querySelector('input');
  element.classList.toggle('is-on', fault !== undefined);
  button.setAttribute('aria-checked', String(fault !== undefined));
  setText(button, fault ? 'On' : 'Off');
  setText(element.querySelector('.struck'), fault ? `${count(fault.struck)} of ${count(fault.cases)}` : '');
  if (fault && document.activeElement !== value) {
    value.value = unit === 'SHARE' ? String(Math.round(fault.value * 1e8) / 1e6) : String(fault.value);
  }
}
