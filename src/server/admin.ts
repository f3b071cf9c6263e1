import { chmodSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import { join } from 'node:path';

const SOCKET = 'admin.sock';
/** `sun_path` of unix(7) without its NUL; a longer path would be cut short in silence. */
const MAX_SOCKET_PATH = 107;
const MAX_BODY = 64 * 1024;
const TIMEOUT_MILLISECONDS = 5000;

/** The admin socket lies in the state folder, which nobody but the server's user can enter. */
export function adminSocketPath(stateDirectory: string): string {
  return join(stateDirectory, SOCKET);
}

/** What a question gets: any JSON value. Throw {@link AdminRefusal} for one that makes no sense. */
export type AdminHandler = (body: unknown) => unknown;

/** A request that cannot be met; the message is for the administrator. */
export class AdminRefusal extends Error {
  override readonly name = 'AdminRefusal';
}

/** Nobody answers at the admin socket. */
export class AdminUnreachable extends Error {
  override readonly name = 'AdminUnreachable';
  readonly code: string | undefined;

  constructor(message: string, code: string | undefined) {
    super(message);
    this.code = code;
  }
}

/** Answers `steadfs status` and its kin: JSON over HTTP on a socket in the state folder. */
export class AdminServer {
  private readonly server: Server;
  private readonly path: string;

  private constructor(server: Server, path: string) {
    this.server = server;
    this.path = path;
  }

  /** @param handlers by method and path, such as `GET /status`. */
  static async start(stateDirectory: string, handlers: Readonly<Record<string, AdminHandler>>): Promise<AdminServer> {
    const path = adminSocketPath(stateDirectory);
    if (Buffer.byteLength(path) > MAX_SOCKET_PATH) throw new Error(`the path of ${path} is too long for a socket`);
    // The state is ours alone by now, so what lies here was left by a server that was killed.
    rmSync(path, { force: true });
    const server = createServer((question, response) => void answer(handlers, question, response));
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(path, resolve);
    });
    chmodSync(path, 0o600);
    return new AdminServer(server, path);
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise<void>((resolve) => this.server.close(() => resolve()));
    rmSync(this.path, { force: true });
  }
}

async function answer(
  handlers: Readonly<Record<string, AdminHandler>>,
  question: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const reply = (status: number, value: unknown) => {
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
  };
  try {
    const handler = handlers[`${question.method} ${question.url}`];
    if (handler === undefined) return reply(404, { error: 'this server does not know that question' });
    reply(200, await handler(await bodyOf(question)));
  } catch (error) {
    const { message } = error as Error;
    reply(error instanceof AdminRefusal ? 400 : 500, { error: message });
  }
}

async function bodyOf(question: IncomingMessage): Promise<unknown> {
  let text = '';
  for await (const chunk of question) {
    text += chunk;
    if (text.length > MAX_BODY) throw new AdminRefusal('the request is too long');
  }
  if (text === '') return undefined;
  try {
    return JSON.parse(text);
  } catch {
    throw new AdminRefusal('the request is not JSON');
  }
}

/** Asks the server that has this state. Rejects with {@link AdminUnreachable}, or what the server says; the message says what to do. */
export function askServer(stateDirectory: string, question: string, body?: unknown): Promise<unknown> {
  const [method = 'GET', path = '/'] = question.split(' ');
  const socketPath = adminSocketPath(stateDirectory);
  return new Promise((resolve, reject) => {
    const asked = request({ socketPath, method, path, timeout: TIMEOUT_MILLISECONDS }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      // One that is killed while it answers ends its answer early.
      response.on('error', () => reject(new AdminUnreachable('the server ended while it answered', 'ECONNRESET')));
      response.on('end', () => {
        const value = parse(text);
        if (value === undefined) reject(new AdminUnreachable('the server answers something else', 'EPROTO'));
        else if (response.statusCode === 200) resolve(value);
        else reject(new Error(value.error));
      });
    });
    const silence = new AdminUnreachable('the server does not answer its admin socket', 'ETIMEDOUT');
    asked.on('timeout', () => asked.destroy(silence));
    asked.on('error', (error) => reject(explain(error, stateDirectory)));
    asked.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

function parse(text: string): { error?: string } | undefined {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function explain(error: NodeJS.ErrnoException, stateDirectory: string): AdminUnreachable {
  if (error instanceof AdminUnreachable) return error;
  const { code } = error;
  switch (code) {
    case 'ENOENT':
    case 'ECONNREFUSED':
      return new AdminUnreachable(
        `no server runs on the state ${stateDirectory}; name the one that it was started with: --state`,
        code,
      );
    case 'EACCES':
      return new AdminUnreachable(
        `the state ${stateDirectory} belongs to another user; ask as that user, or as root`,
        code,
      );
    default:
      return new AdminUnreachable(error.message, code);
  }
}
