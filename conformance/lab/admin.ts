import { get } from 'node:http';

/** For a process that is stopped: its kernel takes the connection, and nobody answers. */
const ANSWER_MS = 1_000;

/**
 * Asks a daemon or server of the lab by its admin socket, as `steadfs status` does: to begin a process for each question
 * would take the processor from what is being measured. @returns undefined if there is no answer.
 */
export function askAdmin<T>(socketPath: string, path: string): Promise<T | undefined> {
  return new Promise((resolve) => {
    const nothing = () => resolve(undefined);
    const asked = get({ socketPath, path, timeout: ANSWER_MS }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('error', nothing);
      response.on('end', () => {
        try {
          resolve(response.statusCode === 200 ? (JSON.parse(text) as T) : undefined);
        } catch {
          nothing();
        }
      });
    });
    asked.on('timeout', () => asked.destroy());
    asked.on('error', nothing);
  });
}
