import { randomBytes } from 'node:crypto';
import type { Settings } from './settings.ts';

const SECRET_BYTES = 32;

/** The store's secret: read, or made if this store has none yet. */
export function secretOf(settings: Settings): Buffer {
  const kept = settings.get('secret');
  if (kept !== undefined) return kept;
  const made = randomBytes(SECRET_BYTES);
  settings.set('secret', made);
  return made;
}
