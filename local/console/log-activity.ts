/** Reports log lines to the console, and passes them on. */
import type { Log } from '../log';
import type { Activity } from './activity';
import { beginningOf } from './hidden-secrets';

export function logActivity(activity: Activity, inner: Log): Log {
  const told = (level: 'info' | 'warn' | 'error') => (text: string) => {
    activity.add({ kind: 'log', level, text: beginningOf(text) });
    inner[level](text);
  };
  return { info: told('info'), warn: told('warn'), error: told('error') };
}
